/** The claims of a token, as plain values, so that a program which only makes tokens need not load Effect. */

/** The roles of api.md, "Who may do what". */
export const roles = ["customer", "operator", "viewer", "service"] as const

/** What a person of a customer may do (domain.md, "People"). */
export const duties = ["reviewer", "editor", "reader"] as const

/** A subject; the identity provider may be another's, so it takes more than our ids. */
export const subjectPattern = /^[A-Za-z0-9._:@|-]{1,128}$/

/** `subjectPattern` in words. */
export const subjectRule = "1 to 128 of A-Z a-z 0-9 . _ : @ | -"

/** The default of `STINT_JWT_AUDIENCE`. */
export const audience = "stint"

/** The services of the system: the subjects of tokens with the role service. */
export const services = ["catalog", "hiring", "deliverables", "scheduler"] as const

/** A service of the system. */
export type ServiceSubject = typeof services[number]

/** The audience of a service's own token, which is for one service alone; `audience` is `STINT_JWT_AUDIENCE`. */
export const serviceAudience = (audience: string, callee: string): string => `${audience}:${callee}`

/** Who does in an action log what the system does itself. No token may have this subject, in any case (domain.md, "Audit"). */
export const SYSTEM = "system"

/** Whether a subject is the system's own name. */
export const isSystem = (subject: string): boolean => subject.toLowerCase() === SYSTEM

/** The default of `STINT_TOKEN_MAX_LIFETIME`: how long a token may hold, in seconds. */
export const LONGEST_LIFETIME = 24 * 3_600

/** How long a token holds that is made here, unless it is asked otherwise, in seconds. */
export const DEFAULT_LIFETIME = 12 * 3_600
