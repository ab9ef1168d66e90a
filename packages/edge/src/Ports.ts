/** The ports of the services, as plain values, so that the launcher need not load Effect to read them. */

/** The port of each service, relative to `STINT_PORT_BASE`. */
export const PORTS = { catalog: 1, hiring: 2, deliverables: 3, scheduler: 4 } as const

/** The port of the gateway, relative to it as well: people type it. */
export const GATEWAY_PORT = 0

/** The default of `STINT_PORT_BASE`. */
export const PORT_BASE = 4100
