-- What expires first, then what never does, the oldest first: an index that has when each was made as well, so that drafts of a
-- certain age are found in it without a look at the table.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create index ix_deliverables_due on deliverables (customer_id, expires_at, created_at, deliverable_id)
  where review_status = 'pending_review' and revising_since is null and deleted_at is null;
drop index ix_deliverables_expiry;

insert into schema_scripts (name) values ('161_due_order') on conflict (name) do nothing;
