/** Where the services listen, as plain values: a launcher that reads them need not load Effect. */

/** The port of each service, added to `STINT_PORT_BASE`. */
export const PORTS = { catalog: 1, hiring: 2, deliverables: 3, scheduler: 4 } as const

/** `STINT_PORT_BASE` where nobody sets it. */
export const PORT_BASE = 4100
