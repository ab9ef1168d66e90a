/** The scheduler's advisory locks: every key stands here, and no two are the same. */

/** Claims and materialising hold it shared, a pause and a resume alone: no run starts while a pause is being written. */
export const PAUSE_LOCK = 7141_001

/** One claim at a time while there are limits: the runs that it counted must not change before it commits. */
export const LIMIT_LOCK = 7141_002

/** One replica at a time looks whether alert conditions hold. */
export const ALERT_LOCK = 7141_003
