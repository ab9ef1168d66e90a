/** Bodies as the services send them. */
const at = "2026-03-01T09:00:00.000Z"

export const agentType = {
  id: "tea.v1@1.0.0",
  agent_type_id: "tea.v1",
  version: "1.0.0",
  config_schema: { fields: [{ key: "nickname", label: "Nickname", type: "text", required: true }] },
  goal_templates: [{
    goal_template_id: "tea.note.v1",
    name: "Note",
    default_frequency: "daily",
    settings_schema: { fields: [] },
    skill_binding: "notes",
  }],
  enforcement_defaults: { approval_required: true, deterministic: false },
  created_at: at,
  updated_at: at,
}

export const customer = {
  customer_id: "CUS-1",
  full_name: "Asha Rao",
  email: "asha@example.org",
  phone: "+911234567890",
  business_name: "Rao Dental",
  business_industry: "health",
  business_address: "Pune",
  preferred_contact_method: "email",
  consent: true,
  verified_at: null,
  created_at: at,
  updated_at: at,
}

export const subscription = {
  subscription_id: "SUB-1",
  agent_id: "tea.v1",
  customer_id: "CUS-1",
  duration: "monthly",
  status: "active",
  current_period_start: at,
  current_period_end: "2026-04-01T09:00:00.000Z",
  cancel_at_period_end: false,
  ended_at: null,
  created_at: at,
  updated_at: at,
}

export const hire = {
  hired_instance_id: "HAI-1",
  subscription_id: "SUB-1",
  agent_id: "tea.v1",
  definition_version: "1.0.0",
  customer_id: "CUS-1",
  config: { nickname: "Mira" },
  settings: {},
  configured: true,
  missing: [],
  goals_completed: true,
  active: true,
  finalized_at: at,
  trial_status: "active",
  trial_start: at,
  trial_end: at,
  subscription_status: "active",
  subscription_ended_at: null,
  retention_expires_at: null,
  created_at: at,
  updated_at: at,
}

export const goal = {
  goal_instance_id: "GOI-1",
  hired_instance_id: "HAI-1",
  goal_template_id: "tea.note.v1",
  frequency: "daily",
  settings: {},
  enabled: true,
  created_at: at,
  updated_at: at,
}

export const run = {
  scheduled_run_id: "SCH-1",
  goal_instance_id: "GOI-1",
  hired_instance_id: "HAI-1",
  scheduled_time: at,
  origin: "schedule",
  status: "completed",
  reason: null,
  reason_code: null,
  idempotency_key: `GOI-1:${at}`,
  run_id: "RUN-1",
  deliverable_id: "DEL-1",
  attempt: 1,
  next_attempt_at: null,
  attempts: [{ attempt: 1, started_at: at, ended_at: at, error_details: null }],
}

export const draft = {
  deliverable_id: "DEL-1",
  hired_instance_id: "HAI-1",
  goal_instance_id: "GOI-1",
  goal_template_id: "tea.note.v1",
  title: "A note",
  payload: {
    type: "generic_deliverable_v1",
    draft_only: true,
    goal_template_id: "tea.note.v1",
    goal_instance_id: "GOI-1",
    intent_action: "publish",
    body: "# Tea\n\nDrink it \u001b[31mhot",
  },
  content_sha256: "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789",
  review_status: "pending_review",
  review_notes: null,
  approval_id: null,
  execution_status: "not_executed",
  executed_at: null,
  created_at: at,
  updated_at: at,
}

export const approval = {
  approval_id: "APR-1",
  deliverable_id: "DEL-1",
  customer_id: "CUS-1",
  decision: "approved",
  notes: "go",
  content_sha256: draft.content_sha256,
  target: { target: "journal" },
  revision: 2,
  decided_by: "ann",
  mandate_id: null,
  definition_version: "1.0.0",
  expires_at: null,
  withdrawn_at: null,
  withdrawn_by: null,
  created_at: at,
}

export const revision = {
  revision: 2,
  author: "ann",
  by_maker: false,
  notes: "a word",
  title: "A note",
  payload: draft.payload,
  content_sha256: draft.content_sha256,
  created_at: at,
}

export const newMandate = {
  hired_instance_id: "HAI-1",
  goal_instance_id: "GOI-1",
  rules: [{ path: "body", op: "max_length", value: 280 }],
  max_uses: 5,
  per: "day",
  valid_until: "2026-04-01T09:00:00.000Z",
  action: "execute",
}

export const mandate = {
  ...newMandate,
  mandate_id: "MAN-1",
  customer_id: "CUS-1",
  goal_template_id: null,
  timezone: "Asia/Kolkata",
  state: "active",
  uses_in_period: 2,
  period_ends_at: at,
  signed_by: "CUS-1",
  created_at: at,
  revoked_at: null,
  revoked_by: null,
  revoke_reason: null,
}

export const deadLetter = {
  dlq_id: "DLQ-1",
  goal_instance_id: "GOI-1",
  hired_instance_id: "HAI-1",
  error_type: "PERMANENT",
  error_message: "maker_refused",
  stack_trace: null,
  fingerprint: "3f9c0a417be2",
  failure_count: 2,
  first_failed_at: at,
  last_failed_at: at,
  expires_at: at,
  retry_count: 0,
  state: "open",
  scheduled_run_ids: ["SCH-1"],
}

export const status = {
  status: "paused",
  is_paused: true,
  paused_at: at,
  paused_by: "ops.asha",
  paused_reason: "exchange maintenance",
  resumed_at: null,
  resumed_by: null,
  updated_at: at,
  running_goals_count: 1,
  pending_goals_count: 2,
  scopes: [],
}

export const health = {
  status: "healthy",
  pending_goals: 0,
  running_goals: 0,
  success_rate_1h: 1,
  failure_rate_1h: 0,
  total_executions_1h: 4,
  last_run: at,
  last_success: at,
  last_failure: null,
  dlq_size: 0,
  avg_duration_ms: 12.5,
  max_draft_lateness_ms: 20,
  problems: [],
}

export const actionLine = (action: string, timestamp = at) => ({
  log_id: "LOG-1",
  action,
  operator: "ops.asha",
  timestamp,
  goal_instance_id: null,
  reason: "a reason",
  action_metadata: {},
})

export const explanation = {
  goal_instance_id: "GOI-1",
  at,
  verdict: "ran",
  reason_code: null,
  sentence: "The slot ran.",
  because: ["It fell due."],
  slot: at,
  starts_at: at,
  run,
  dead_letter: null,
  missed: null,
  pauses: [],
  previous_slot: null,
  next_slot: null,
}

export const preview = {
  goal_instance_id: "GOI-1",
  rule: null,
  rule_in_words: "every day at 09:00 Asia/Kolkata",
  timezone: "Asia/Kolkata",
  spread_seconds: 0,
  will_run: false,
  reason: "the goal is switched off",
  items: [{ scheduled_time: at, starts_at: at, local: "2026-03-01T14:30:00+05:30" }],
}

/** A page of a list. */
export const page = (...items: ReadonlyArray<unknown>) => ({ items, next_cursor: null })

/** A report on the period that was asked for, or on one. */
export const report = ({ from = at, to = at }: { readonly from?: string; readonly to?: string }) => ({
  from,
  to,
  runs: { pending: 0, running: 0, retrying: 0, completed: 3, cancelled: 1, dead_lettered: 0 },
  runs_since: from,
  drafts: 3,
  approved: 1,
  rejected: 1,
  approval_rate: 0.5,
  median_seconds_to_decision: 61.5,
  tokens: { "small-1": { in: 1200, out: 300 } },
  calls_unknown: 0,
  cost: 0.012,
  cost_per_approved: 0.012,
})
