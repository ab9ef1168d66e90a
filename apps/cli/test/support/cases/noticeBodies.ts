/** A message and a person who is told, as the services answer them. */
const at = "2026-03-01T09:00:00.000Z"

export const notice = {
  notice_id: "NTC-1",
  customer_id: "acme",
  person: "asha",
  channel_id: "8f14e45fceea167a",
  kind: "email",
  target: "asha@example.org",
  purpose: "event",
  subject: "A draft waits",
  events: [],
  state: "failed",
  tries: 3,
  last_error: "no such mailbox",
  next_try_at: null,
  created_at: at,
  ended_at: at,
}

export const reviewer = {
  customer_id: "acme",
  person: "asha",
  channels: [{
    kind: "email",
    address: "asha@example.org",
    channel_id: "8f14e45fceea167a",
    state: "dead",
    last_error: "no such mailbox",
    since: at,
    sent_at: null,
    decides: true,
  }],
  events: {
    draft_waiting: "now",
    changes_made: "now",
    expires_soon: "now",
    expired: "digest",
    executed: "off",
    delivery_failed: "now",
    mandate_used_up: "digest",
    mandate_ended: "digest",
    goal_dead_lettered: "now",
  },
  digest_at: "08:00",
  quiet_hours: null,
  timezone: "Asia/Kolkata",
  escalation: null,
  updated_by: "asha",
  updated_at: at,
}
