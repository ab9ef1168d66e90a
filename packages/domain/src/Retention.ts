/** How long rows are kept, in days (domain.md, "Retention" and "States"). The action log and approvals are kept for ever. */
export const RETENTION = {
  /** `scheduler_dlq`: an open dead letter expires this long after its first failure, a closed one goes this long after. */
  deadLetters: 7,
  /** `scheduled_goal_runs`, after the run's end. */
  runs: 30,
  /** `goal_runs`, after the execution's end. */
  executions: 90,
  /** `missed_slots` and `dropped_slots`. */
  missedSlots: 90,
  /** `goal_history`: a version of a goal, after the next version began. */
  goalHistory: 90,
  /** `scheduler_alerts`, after the alert's end. */
  alerts: 90,
  /** `gateway_audit_logs`. */
  auditLines: 90,
  /** Rows of hiring's feed. An older cursor is answered with 410. */
  feed: 7,
  /** A hire is readable for this long after its subscription's end, and so are its deliverables; then 410. */
  endedHires: 30,
} as const
