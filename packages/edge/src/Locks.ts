/** The advisory locks of the edge; each service's stand in its own Locks.ts. A test says that no two keys are the same. */

/** One migrator of a database at a time. */
export const MIGRATOR_LOCK = 7_105_177
