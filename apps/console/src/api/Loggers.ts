/** The services that keep an action log. */

/** The services, in the order in which they are shown. */
export const loggers = ["catalog", "hiring", "deliverables", "scheduler"] as const
/** A service that keeps an action log. */
export type Logger = typeof loggers[number]
