-- Takes back 031_approval_content: what was approved can no longer be proved.

drop index if exists ix_approvals_customer_created;
alter table approvals
  drop constraint if exists ck_approvals_content_sha256,
  drop column if exists content_sha256;

delete from schema_ledger where name = '031_approval_content';
