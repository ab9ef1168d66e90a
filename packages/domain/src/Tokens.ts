/** What a token may say, as plain values: a program that only makes tokens need not load Effect. */

/** The roles of api.md, "Who may do what". */
export const roles = ["customer", "operator", "viewer", "service"] as const

/** A subject: any 1 to 128 of these, since the identity provider may not be ours. */
export const subjectPattern = /^[A-Za-z0-9._:@|-]{1,128}$/

/** `subjectPattern` in words. */
export const subjectRule = "1 to 128 of A-Z a-z 0-9 . _ : @ | -"

/** The audience of every token of ours, unless `STINT_JWT_AUDIENCE` says another. */
export const audience = "stint"
