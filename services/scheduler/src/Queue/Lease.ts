/** How long a claim of a run lasts, in milliseconds. Its lease is renewed at a third of it, its work stopped at two thirds. */
export const LEASE_MS = 10_000
