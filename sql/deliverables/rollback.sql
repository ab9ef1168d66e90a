-- Rollback of the database of deliverables: everything that the scripts made goes, and ALL ROWS with it, from whichever state.
-- May be run again. Written by scripts/schema.ts from what the other scripts make: change those, and run it again.

drop table if exists alerts cascade;
drop table if exists approval_withdrawals cascade;
drop table if exists approvals cascade;
drop table if exists database_probe cascade;
drop table if exists decision_links cascade;
drop table if exists deleted_goals cascade;
drop table if exists deliverable_revisions cascade;
drop table if exists deliverables cascade;
drop table if exists deliverables_action_log cascade;
drop table if exists delivery_action_log cascade;
drop table if exists executions cascade;
drop table if exists feed_cursor cascade;
drop table if exists gateway_audit_logs cascade;
drop table if exists idempotency_keys cascade;
drop table if exists maker_places cascade;
drop table if exists making_calls cascade;
drop table if exists making_costs cascade;
drop table if exists makings cascade;
drop table if exists notice_events cascade;
drop table if exists notice_items cascade;
drop table if exists notice_looks cascade;
drop table if exists notices cascade;
drop table if exists rate_buckets cascade;
drop table if exists reviewer_channels cascade;
drop table if exists reviewers cascade;
drop table if exists schema_ledger cascade;
drop table if exists schema_scripts cascade;
drop table if exists trial_deliverables cascade;
drop sequence if exists execution_fence;
drop sequence if exists making_fence;
drop sequence if exists notice_events_event_id_seq;
drop sequence if exists notice_fence;
drop sequence if exists notice_items_item_id_seq;
drop function if exists approvals_alike(draft deliverables, content character varying, target jsonb, version character varying);
drop function if exists approvals_of(draft deliverables);
drop function if exists check_approval();
drop function if exists check_approved();
drop function if exists check_execution();
drop function if exists deliverables_version();
drop function if exists draft_details(draft deliverables);
drop function if exists idempotency_keys_taken_over();
drop function if exists keep_content();
drop function if exists probe_database();
drop function if exists refuse_change();
drop function if exists refuse_line_change();
drop function if exists tell(customer character varying, event character varying, subject character varying, key character varying, details jsonb);
drop function if exists tell_of_drafts();
drop function if exists tell_of_execution();
drop function if exists tell_of_expired();
drop function if exists tell_of_expiry();
drop function if exists tell_of_revision();

-- Expected: no row
select relname as left_behind from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'S', 'v');
