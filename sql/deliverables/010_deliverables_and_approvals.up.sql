-- Drafts that agents made, and the decisions on them.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table deliverables (
  deliverable_id varchar not null,
  -- the hire and the goal are hiring's: references without a key, since a key never crosses a service
  hired_instance_id varchar not null,
  goal_instance_id varchar not null,
  goal_template_id varchar not null,
  title varchar not null,
  payload jsonb not null,
  review_status varchar not null default 'pending_review',
  review_notes text,
  approval_id varchar,
  execution_status varchar not null default 'not_executed',
  executed_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint pk_deliverables primary key (deliverable_id),
  constraint ck_deliverables_payload check (jsonb_typeof(payload) = 'object'),
  constraint ck_deliverables_review_status check (review_status in ('pending_review', 'approved', 'rejected')),
  constraint ck_deliverables_execution_status check (execution_status in ('not_executed', 'executed')),
  constraint ck_deliverables_approved check ((review_status = 'approved') = (approval_id is not null)),
  constraint ck_deliverables_rejected check (review_status <> 'rejected' or execution_status = 'not_executed'),
  constraint ck_deliverables_executed_at check ((execution_status = 'executed') = (executed_at is not null))
);

create table approvals (
  approval_id varchar not null,
  deliverable_id varchar not null,
  customer_id varchar not null,
  decision varchar not null,
  notes text,
  created_at timestamptz not null,
  constraint pk_approvals primary key (approval_id),
  constraint fk_approvals_deliverable foreign key (deliverable_id)
    references deliverables (deliverable_id) on delete cascade,
  constraint ck_approvals_decision check (decision in ('approved', 'rejected'))
);

alter table deliverables add constraint fk_deliverables_approval_id foreign key (approval_id)
  references approvals (approval_id) on delete set null;

create index ix_deliverables_hired_instance_id on deliverables (hired_instance_id);
create index ix_deliverables_hired_instance_created on deliverables (hired_instance_id, created_at);
create index ix_deliverables_goal_instance on deliverables (goal_instance_id);
create index ix_deliverables_review_status on deliverables (review_status);
create index ix_approvals_deliverable on approvals (deliverable_id);
create index ix_approvals_customer on approvals (customer_id);

comment on table deliverables is 'Agent-generated drafts, the decision on each, and whether it was executed.';
comment on column deliverables.deliverable_id is 'Unique identifier (DEL-).';
comment on column deliverables.hired_instance_id is 'The hired agent that made it; in hiring''s database.';
comment on column deliverables.goal_instance_id is 'The goal that it was made for; in hiring''s database.';
comment on column deliverables.goal_template_id is 'The goal''s template in the agent type''s definition.';
comment on column deliverables.title is 'What a person reads of it in a list.';
comment on column deliverables.payload is 'The draft: one of the tagged union of payloads; never changes.';
comment on column deliverables.review_status is 'pending_review -> approved or rejected, once.';
comment on column deliverables.review_notes is 'What the customer noted with the decision.';
comment on column deliverables.approval_id is 'The approval that accepted it; null unless it is approved.';
comment on column deliverables.execution_status is 'not_executed -> executed, once.';
comment on column deliverables.executed_at is 'When it was executed.';
comment on column deliverables.created_at is 'When the draft was made.';
comment on column deliverables.updated_at is 'When the row was last written.';

comment on table approvals is 'Decisions of customers: an audit trail that nobody changes or takes away.';
comment on column approvals.approval_id is 'Unique identifier (APR-).';
comment on column approvals.deliverable_id is 'The deliverable that was decided on.';
comment on column approvals.customer_id is 'The customer who decided.';
comment on column approvals.decision is 'approved or rejected.';
comment on column approvals.notes is 'What the customer noted.';
comment on column approvals.created_at is 'When the decision was made.';

insert into schema_ledger (name) values ('010_deliverables_and_approvals') on conflict (name) do nothing;
