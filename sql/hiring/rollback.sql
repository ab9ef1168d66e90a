-- Rollback of the database of hiring: everything that the scripts made goes, and ALL ROWS with it, from whichever state.
-- May be run again. Written by scripts/schema.ts from what the other scripts make: change those, and run it again.

drop table if exists alerts cascade;
drop table if exists customer_entity cascade;
drop table if exists database_probe cascade;
drop table if exists gateway_audit_logs cascade;
drop table if exists goal_instances cascade;
drop table if exists hired_agents cascade;
drop table if exists hiring_action_log cascade;
drop table if exists hiring_feed_floor cascade;
drop table if exists hiring_feed_sequence cascade;
drop table if exists hiring_outbox cascade;
drop table if exists idempotency_keys cascade;
drop table if exists rate_buckets cascade;
drop table if exists schema_ledger cascade;
drop table if exists schema_scripts cascade;
drop table if exists subscriptions cascade;
drop table if exists trials cascade;
drop table if exists unannounced_hires cascade;
drop sequence if exists hiring_outbox_seq_seq;
drop function if exists begin_trial(begun trials, most integer, quota_lock integer);
drop function if exists begin_trials(begun json, keys json, most integer, quota_lock integer, waits boolean);
drop function if exists hire_written();
drop function if exists hiring_outbox_removed();
drop function if exists idempotency_keys_taken_over();
drop function if exists probe_database();
drop function if exists refuse_change();
drop function if exists refuse_line_change();

-- Expected: no row
select relname as left_behind from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'S', 'v');
