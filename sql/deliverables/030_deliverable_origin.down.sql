-- Takes back 030_deliverable_origin: which run a draft came from is forgotten.

drop index if exists ix_deliverables_customer_created;
drop index if exists ix_deliverables_customer_pending;
alter table deliverables
  drop constraint if exists uq_deliverables_idempotency_key,
  drop constraint if exists ck_deliverables_unreviewed,
  drop column if exists idempotency_key,
  drop column if exists customer_id,
  drop column if exists scheduled_time,
  drop column if exists approval_required,
  drop column if exists deleted_at;

delete from schema_ledger where name = '030_deliverable_origin';
