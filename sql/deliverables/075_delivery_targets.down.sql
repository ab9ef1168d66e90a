-- Takes back 075_delivery_targets: what was approved for which target, and why deliveries ended, is forgotten.
drop table if exists delivery_action_log;
drop trigger if exists executions_are_kept on executions;
drop trigger if exists executions_are_held_to_their_approval on executions;
drop trigger if exists deliverables_name_their_approval on deliverables;
drop trigger if exists approvals_are_of_their_customer on approvals;
drop trigger if exists deliverables_keep_content on deliverables;
drop function if exists check_execution();
drop function if exists check_approved();
drop function if exists check_approval();
drop function if exists keep_content();
drop index if exists ix_executions_gave_up;
drop index if exists ix_executions_customer_due;
drop index if exists ix_executions_created;
drop index if exists ix_executions_customer_created;
alter table executions
  drop constraint if exists ck_executions_armed_attempts,
  drop column if exists gave_up_at,
  drop column if exists refusal,
  drop column if exists armed_attempts,
  drop column if exists armed_at,
  drop column if exists customer_id;
alter table approvals
  drop constraint if exists ck_approvals_target,
  drop column if exists target;
delete from schema_scripts where name = '075_delivery_targets';
