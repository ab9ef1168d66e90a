-- Takes back 133_changes: what makers were asked to change is forgotten, and what expired counts as rejected.

drop index if exists ux_makings_changes;
alter table makings
  drop constraint if exists ck_makings_changes,
  drop column if exists changes,
  drop column if exists base_revision,
  drop column if exists deliverable_id;

drop index if exists ix_deliverables_expired;
drop index if exists ix_deliverables_decided;
drop index if exists ix_deliverables_expires;
alter table deliverables
  drop constraint if exists ck_deliverables_expired,
  drop column if exists expired_at;

delete from schema_scripts where name = '133_changes';
