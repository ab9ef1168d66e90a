-- The rights of deliverables' runtime role, whose name is in stint.runtime_role; run by the migrator after the scripts,
-- as the owner. It starts from nothing, so that a right which is taken out of this file is gone after the next run.

do $grants$
declare
  runtime text := current_setting('stint.runtime_role');
begin
  revoke all on schema public from public;
  execute format('revoke all on all tables in schema public from %I', runtime);
  execute format('revoke all on all sequences in schema public from %I', runtime);

  execute format('grant usage on schema public to %I', runtime);
  execute format('grant usage on all sequences in schema public to %I', runtime);
  execute format('grant select on schema_ledger, schema_scripts to %I', runtime);
  execute format('grant select, update on database_probe to %I', runtime);
  -- a trigger lets content change to the next revision alone, which is stored before
  execute format('grant select, insert on deliverables to %I', runtime);
  execute format(
    'grant update (title, payload, revision, edited_by, revising_since, expires_at, expired_at, agent_id, review_status, review_notes, approval_id, execution_status, executed_at, executing, deleted_at,
       updated_at) on deliverables to %I', runtime);
  execute format('grant select, insert on deliverable_revisions to %I', runtime);
  execute format('grant select, insert on approvals to %I', runtime);
  execute format('grant select, insert on approval_withdrawals to %I', runtime);
  -- a mandate is revoked, and otherwise kept as it was signed
  execute format('grant select, insert on mandates to %I', runtime);
  execute format('grant update (revoked_at, revoked_by, revoke_reason) on mandates to %I', runtime);
  execute format('grant select, insert on mandate_uses to %I', runtime);
  execute format('grant select, update, delete on mandate_queue to %I', runtime);
  execute format('grant select, insert, update on executions to %I', runtime);
  execute format('grant select, insert on delivery_action_log to %I', runtime);
  execute format('grant select, insert, update on feed_cursor to %I', runtime);
  execute format('grant select, insert, delete on deleted_goals to %I', runtime);
  execute format('grant select, insert on trial_deliverables to %I', runtime);
  -- kept for good: what a call cost never goes away
  execute format('grant select, insert, update on making_calls to %I', runtime);
  execute format('grant select, insert, update on making_costs to %I', runtime);
  execute format('grant select, insert, update, delete on makings to %I', runtime);
  execute format('grant select, insert, update on maker_places to %I', runtime);
  -- written, never changed
  execute format('grant select, insert on deliverables_action_log to %I', runtime);
  execute format('grant select, insert, update on reviewers to %I', runtime);
  execute format('grant select, insert, update, delete on reviewer_channels to %I', runtime);
  -- recorded by triggers and tell(), as their owner; removed when they are old
  execute format('grant select, update (planned_at), delete on notice_events to %I', runtime);
  execute format('grant select, insert, update, delete on notice_items to %I', runtime);
  execute format('grant select, insert, update, delete on notices to %I', runtime);
  execute format('grant select, insert, delete on decision_links to %I', runtime);
  execute format('grant select, update on notice_looks to %I', runtime);
  execute format('grant select, insert, update, delete on idempotency_keys to %I', runtime);
  execute format('grant select, insert, update, delete on rate_buckets to %I', runtime);
  execute format('grant select, insert, update, delete on alerts to %I', runtime);
  -- written, and removed when they are old; never changed
  execute format('grant select, insert, delete on gateway_audit_logs to %I', runtime);
end
$grants$;
