-- What a person asked a maker to change is a making of its own; drafts that nobody decided on in time are marked; lists and counts
-- of a customer with very many drafts.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

-- For 0.2.0, which knows no expired ones, it is a rejected draft: as final, and never executed.
-- Before: 0.2.0 writes no expired_at.
alter table deliverables
  add column expired_at timestamptz,
  add constraint ck_deliverables_expired check (expired_at is null or review_status = 'rejected');

comment on column deliverables.expired_at is 'When it expired, undecided: review_status is rejected then; null of one that a person rejected.';

-- Which drafts are to be marked as expired, of all customers
create index ix_deliverables_expires on deliverables (expires_at, deliverable_id)
  where review_status = 'pending_review' and revising_since is null and deleted_at is null and expires_at is not null;
-- Lists by status; a draft that waits is in neither
create index ix_deliverables_decided on deliverables (customer_id, review_status, created_at, deliverable_id)
  where review_status <> 'pending_review' and expired_at is null and deleted_at is null;
create index ix_deliverables_expired on deliverables (customer_id, created_at, deliverable_id)
  where expired_at is not null and deleted_at is null;

-- Before: 0.2.0 has no makings.
alter table makings
  add column deliverable_id varchar,
  add column base_revision integer,
  add column changes text,
  add constraint ck_makings_changes check ((deliverable_id is null) = (base_revision is null) and (deliverable_id is null) = (changes is null));

comment on column makings.deliverable_id is 'The deliverable whose next revision it makes; null of a run''s draft.';
comment on column makings.base_revision is 'The revision that it changes.';
comment on column makings.changes is 'What a person asked for, in their words.';

-- One next revision of a deliverable is made at a time. Before: 0.2.0 has no makings.
create unique index ux_makings_changes on makings (deliverable_id) where deliverable_id is not null and state in ('waiting', 'making');

insert into schema_scripts (name) values ('133_changes') on conflict (name) do nothing;
