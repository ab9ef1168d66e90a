/** The advisory locks of deliverables: every key stands here, and no two are the same. */

/** One claim of makings at a time: how many work at a place must not change before it commits. */
export const MAKINGS_LOCK = 7143_001

/** A customer's signing of mandates: the first of two keys, the other is the customer's hash. How many are live must not change. */
export const MANDATES_LOCK = 7143_002

/** One replica plans messages at a time: a person's digest is one message. */
export const NOTICES_LOCK = 7143_003
