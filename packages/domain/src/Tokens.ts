/** The claims of a token, as plain values, so that a program which only makes tokens need not load Effect. */

/** The roles of api.md, "Who may do what". */
export const roles = ["customer", "operator", "viewer", "service"] as const

/** A subject; the identity provider may be another's, so it takes more than our ids. */
export const subjectPattern = /^[A-Za-z0-9._:@|-]{1,128}$/

/** `subjectPattern` in words. */
export const subjectRule = "1 to 128 of A-Z a-z 0-9 . _ : @ | -"

/** The default of `STINT_JWT_AUDIENCE`. */
export const audience = "stint"
