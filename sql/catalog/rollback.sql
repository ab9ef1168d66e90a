-- Rollback of the database of catalog: everything that the scripts made goes, and ALL ROWS with it, from whichever state.
-- May be run again. Written by scripts/schema.ts from what the other scripts make: change those, and run it again.

drop table if exists agent_type_definitions cascade;
drop table if exists catalog_action_log cascade;
drop table if exists database_probe cascade;
drop table if exists gateway_audit_logs cascade;
drop table if exists idempotency_keys cascade;
drop table if exists rate_buckets cascade;
drop table if exists schema_ledger cascade;
drop table if exists schema_scripts cascade;
drop function if exists idempotency_keys_taken_over();
drop function if exists probe_database();
drop function if exists refuse_change();
drop function if exists refuse_line_change();

-- Expected: no row
select relname as left_behind from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'S', 'v');
