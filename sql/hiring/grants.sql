-- The rights of hiring's runtime role, whose name is in stint.runtime_role; run by the migrator after the scripts, as
-- the owner. It starts from nothing, so that a right which is taken out of this file is gone after the next run.

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
  execute format('grant select, insert, update on subscriptions to %I', runtime);
  execute format('grant select, insert, update on hired_agents to %I', runtime);
  execute format('grant select, delete on unannounced_hires to %I', runtime);
  execute format('grant select, insert, update, delete on goal_instances to %I', runtime);
  execute format('grant select, insert, update (verified_at, updated_at) on customer_entity to %I', runtime);
  execute format('grant select, insert, update, delete on trials to %I', runtime);
  execute format('grant select, insert, delete on hiring_outbox to %I', runtime);
  execute format('grant update (position, mark) on hiring_outbox to %I', runtime);
  execute format('grant select, update on hiring_feed_floor, hiring_feed_sequence to %I', runtime);
  execute format('grant select, update on hiring_feed_floor to %I', runtime);
  -- written, never changed
  execute format('grant select, insert on hiring_action_log to %I', runtime);
  execute format('grant select, insert, update, delete on idempotency_keys to %I', runtime);
  execute format('grant select, insert, update, delete on rate_buckets to %I', runtime);
  execute format('grant select, insert, update, delete on alerts to %I', runtime);
  -- written, and removed when they are old; never changed
  execute format('grant select, insert, delete on gateway_audit_logs to %I', runtime);
end
$grants$;
