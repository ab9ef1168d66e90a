/**
 * Bounds of a stack under test: a test asks as fast, and makes as much, as it can for one customer. A test of these bounds
 * sets its own, and the README's tour runs with the defaults.
 */
export const UNHURRIED = [
  "requests_per_second",
  "request_burst",
  "operator_requests_per_second",
  "operator_request_burst",
  "runs_by_hand_per_minute",
  "subscriptions_per_customer",
  "trials_per_customer",
  "live_hires",
  "goals_per_hire",
  "goals_per_customer",
].map((name) => `${name}=1000000`).join(",")
