-- Which run a draft comes from and whose it is, so that a run makes one draft however often it is tried.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

alter table deliverables
  add column idempotency_key varchar,
  add column customer_id varchar,
  add column scheduled_time timestamptz,
  add column approval_required boolean,
  add column deleted_at timestamptz;

-- A draft from before: no run comes back to it, and whose it was was not written down, so that no customer sees it
update deliverables set idempotency_key = deliverable_id, customer_id = '', scheduled_time = created_at,
  approval_required = execution_status = 'not_executed' or review_status = 'approved';

alter table deliverables
  alter column idempotency_key set not null,
  alter column customer_id set not null,
  alter column scheduled_time set not null,
  alter column approval_required set not null,
  add constraint uq_deliverables_idempotency_key unique (idempotency_key),
  add constraint ck_deliverables_unreviewed
    check (execution_status = 'not_executed' or review_status = 'approved' or not approval_required);

create index ix_deliverables_customer_created on deliverables (customer_id, created_at, deliverable_id)
  where deleted_at is null;
create index ix_deliverables_customer_pending on deliverables (customer_id, created_at, deliverable_id)
  where deleted_at is null and review_status = 'pending_review';

comment on column deliverables.idempotency_key is 'The run''s key, {goal_instance_id}:{slot}: kept for ever, longer than any retry of the run.';
comment on column deliverables.customer_id is 'Whose it is: the hire''s customer.';
comment on column deliverables.scheduled_time is 'The slot that the run was for.';
comment on column deliverables.approval_required is 'What the agent type''s definition said when the draft was made: false lets a draft that acts on nothing go unreviewed.';
comment on column deliverables.deleted_at is 'When it was deleted, by its customer or with its goal; the row and its approvals stay.';

insert into schema_ledger (name) values ('030_deliverable_origin') on conflict (name) do nothing;
