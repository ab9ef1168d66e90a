/** Hiring's advisory locks: every key stands here, and no two are the same. */

/** What a customer has is counted, and added to, by one transaction at a time; the second key is the customer. */
export const QUOTA_LOCK = 7_142_001
