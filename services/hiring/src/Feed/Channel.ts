/** The channel on which a transaction that wrote the outbox says so. */
export const CHANNEL = "hiring_outbox"
