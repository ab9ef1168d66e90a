-- What waits, by hire: a customer's hires are few, so that what expires first, or soon, is found in the index of each, also of one
-- agent type, however many drafts wait. In place of the index by customer alone: no draft has one entry more for it.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create index ix_deliverables_hire_due on deliverables (customer_id, hired_instance_id, expires_at, created_at, deliverable_id)
  where review_status = 'pending_review' and revising_since is null and deleted_at is null;
drop index ix_deliverables_due;

-- One goal's. A draft that never expires has no entry in it.
create index ix_deliverables_goal_due on deliverables (goal_instance_id, expires_at, created_at, deliverable_id)
  where review_status = 'pending_review' and revising_since is null and deleted_at is null and expires_at is not null;

insert into schema_scripts (name) values ('162_due_by_hire') on conflict (name) do nothing;
