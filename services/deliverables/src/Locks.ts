/** The advisory locks of deliverables: every key stands here, and no two are the same. */

/** One claim of makings at a time: how many work at a place must not change before it commits. */
export const MAKINGS_LOCK = 7143_001

/** One replica plans messages at a time: a person's digest is one message. */
export const NOTICES_LOCK = 7143_002
