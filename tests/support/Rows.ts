/** Rows for a test of the scripts: at least one in each table that keeps what people did, in states that point to each other. */
import type { ServiceName } from "@stint/cli/Provision"

const now = "timestamptz '2026-03-01 12:00Z'"
const later = "timestamptz '2026-04-01 12:00Z'"
const key = `insert into idempotency_keys (caller, route, key, fingerprint, first_seen, locked_until, expires_at)
  values ('customer asha', 'PUT /x', 'k', 'f', ${now}, ${now}, ${later})`

/** Statements that fill the tables of a migrated database, as its owner. */
export const rowsOf: Readonly<Record<ServiceName, ReadonlyArray<string>>> = {
  catalog: [
    `insert into agent_type_definitions (id, agent_type_id, version, payload, created_at, updated_at)
      values ('a.v1@1.0.0', 'a.v1', '1.0.0', '{}', ${now}, ${now})`,
    key,
  ],
  hiring: [
    `insert into subscriptions (subscription_id, agent_id, customer_id, duration, status, anchor_at, current_period_start,
        current_period_end, created_at, updated_at)
      values ('SUB-1', 'a.v1', 'asha', 'monthly', 'active', ${now}, ${now}, ${later}, ${now}, ${now})`,
    `insert into hired_agents (hired_instance_id, subscription_id, agent_id, definition_version, customer_id, created_at,
        updated_at)
      values ('HIR-1', 'SUB-1', 'a.v1', '1.0.0', 'asha', ${now}, ${now})`,
    `insert into goal_instances (goal_instance_id, hired_instance_id, goal_template_id, frequency, created_at, updated_at)
      values ('GOL-1', 'HIR-1', 't', 'cron', ${now}, ${now})`,
    `insert into hiring_outbox (kind, payload) values ('goal', '{"type":"goal"}')`,
    `insert into customer_entity (customer_id, full_name, email, phone, business_name, business_industry, business_address,
        preferred_contact_method, consent, created_at, updated_at)
      values ('asha', 'Asha', 'asha@example.org', '+911234', 'Clinic', 'health', 'Pune', 'email', true, ${now}, ${now})`,
    `insert into trials (trial_id, agent_id, customer_name, customer_email, company, start_date, end_date, created_at,
        updated_at)
      values ('TRL-1', 'a.v1', 'Asha', 'asha@example.org', 'Clinic', ${now}, ${later}, ${now}, ${now})`,
    key,
  ],
  deliverables: [
    `insert into deliverables (deliverable_id, hired_instance_id, goal_instance_id, goal_template_id, customer_id, title,
        payload, approval_required, idempotency_key, scheduled_time, created_at, updated_at)
      values ('DLV-1', 'HIR-1', 'GOL-1', 't', 'asha', 'A draft', '{}', true, 'GOL-1:1', ${now}, ${now}, ${now})`,
    `insert into approvals (approval_id, deliverable_id, customer_id, decision, content_sha256, created_at)
      values ('APR-1', 'DLV-1', 'asha', 'approved', encode(sha256('{}'), 'hex'), ${now})`,
    `update deliverables set review_status = 'approved', approval_id = 'APR-1' where deliverable_id = 'DLV-1'`,
    `insert into executions (delivery_id, deliverable_id, approval_id, content_sha256, body, target, requested_by, state,
        next_attempt_at, fence, created_at)
      values ('EXE-1', 'DLV-1', 'APR-1', encode(sha256('{}'), 'hex'), '{}', '{}', 'asha', 'pending', ${later},
        nextval('execution_fence'), ${now})`,
    `insert into deleted_goals (goal_instance_id) values ('GOL-2')`,
    `insert into reviewers (customer_id, person, channels, events, digest_at, timezone, updated_by)
      values ('asha', 'asha', '[]', '{}', '08:00', 'UTC', 'asha')`,
    `select tell('asha', 'draft_waiting', 'DLV-1', 'DLV-1', '{}')`,
    `insert into notice_items (event_id, customer_id, person, mode, due_at)
      select event_id, customer_id, 'asha', 'now', ${now} from notice_events`,
    `insert into notices (notice_id, customer_id, person, channel_id, kind, target, purpose, subject, events)
      values ('NTC-1', 'asha', 'asha', 'c', 'email', 'asha@example.org', 'event', 'A draft waits', '[]')`,
    key,
  ],
  scheduler: [
    `insert into projected_hires (hired_instance_id, customer_id, agent_id, timezone, runnable, version, changed_at)
      values ('HIR-1', 'asha', 'a.v1', 'UTC', true, 1, ${now})`,
    `insert into projected_goals (goal_instance_id, hired_instance_id, customer_id, version, changed_at, enabled, frequency,
        schedule)
      values ('GOL-1', 'HIR-1', 'asha', 1, ${now}, true, 'cron', '{}')`,
    `insert into goal_history (goal_instance_id, hired_instance_id, customer_id, valid_from, frequency, schedule, timezone,
        runs, deleted)
      values ('GOL-1', 'HIR-1', 'asha', ${now}, 'cron', '{}', 'UTC', true, false)`,
    `insert into scheduler_dlq (dlq_id, goal_instance_id, hired_instance_id, error_type, error_message, fingerprint,
        first_failed_at, last_failed_at, expires_at)
      values ('DLQ-1', 'GOL-1', 'HIR-1', 'PERMANENT', 'no', '3f9c0a417be2', ${now}, ${now}, ${later})`,
    `insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
        created_at, status, idempotency_key, dlq_id)
      values ('SGR-1', 'GOL-1', 'HIR-1', 'asha', ${now}, ${now}, 'pending', 'GOL-1:1', 'DLQ-1')`,
    `insert into goal_runs (run_id, goal_instance_id, idempotency_key, status, started_at, scheduled_run_id)
      values ('RUN-1', 'GOL-1', 'GOL-1:1', 'running', ${now}, 'SGR-1')`,
    `insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, serial,
        claimable_at, state)
      values ('SGR-1', 'GOL-1', 'HIR-1', 'asha', ${now}, false, ${now}, 'ready')`,
    `insert into run_attempts (scheduled_run_id, fence, attempt, started_at, ended_at, error_details)
      values ('SGR-1', nextval('run_fence'), 1, ${now}, ${now}, '{}')`,
    `insert into missed_slots (goal_instance_id, from_slot, to_slot, reason, reason_code)
      values ('GOL-1', ${now}, ${later}, 'paused', 'too_old')`,
    `insert into scheduler_action_log (log_id, action, operator, timestamp) values ('ACT-1', 'pause', 'olga', ${now})`,
    key,
  ],
}
