/** What a service tells the supervisor of its process. */

/** The header of `/readyz` with the `STINT_INSTANCE` that the supervisor gave to this process. */
export const instanceHeader = "x-stint-instance"

/** The line on standard output with which a service begins to listen. */
export const listensLine = (name: string, url: string): string => `${name} listens on ${url}`
