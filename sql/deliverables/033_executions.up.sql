-- Executions: an intent is committed here, with its delivery id, before the first byte leaves.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

alter table deliverables
  add column executing boolean not null default false,
  add constraint ck_deliverables_executing
    check (not executing or (execution_status = 'not_executed' and review_status <> 'rejected' and deleted_at is null));

comment on column deliverables.executing is 'Whether an execution is on its way: its outcome is not known yet, so nothing else may be decided.';

create sequence execution_fence;
comment on sequence execution_fence is 'Grows with every claim of an execution, so that a holder that lost its lease is recognised.';

create table executions (
  delivery_id varchar not null,
  deliverable_id varchar not null,
  approval_id varchar,
  target jsonb not null,
  body text not null,
  content_sha256 varchar not null,
  state varchar not null,
  requested_by varchar not null,
  attempts integer not null default 0,
  last_error text,
  next_attempt_at timestamptz,
  locked_until timestamptz,
  fence bigint not null,
  created_at timestamptz not null,
  delivered_at timestamptz,
  constraint pk_executions primary key (delivery_id),
  constraint uq_executions_deliverable_id unique (deliverable_id),
  constraint fk_executions_deliverable foreign key (deliverable_id) references deliverables (deliverable_id),
  constraint fk_executions_approval foreign key (approval_id) references approvals (approval_id),
  constraint ck_executions_target check (jsonb_typeof(target) = 'object'),
  constraint ck_executions_content_sha256 check (content_sha256 = encode(sha256(convert_to(body, 'UTF8')), 'hex')),
  constraint ck_executions_state check (state in ('pending', 'delivered', 'failed')),
  constraint ck_executions_pending check ((state = 'pending') = (next_attempt_at is not null)),
  constraint ck_executions_locked_until check (locked_until is null or state = 'pending'),
  constraint ck_executions_delivered_at check ((state = 'delivered') = (delivered_at is not null)),
  constraint ck_executions_failed check (state <> 'failed' or last_error is not null),
  constraint ck_executions_attempts check (attempts >= 0)
);

create index ix_executions_due on executions (next_attempt_at) where state = 'pending';

comment on table executions is 'One execution a deliverable: what is delivered where, under one delivery id for all its attempts.';
comment on column executions.delivery_id is 'The delivery id (DLV-): the receiver knows a repeated attempt by it.';
comment on column executions.deliverable_id is 'The deliverable that is executed.';
comment on column executions.approval_id is 'The approval that it is executed under; null when it needed none.';
comment on column executions.target is 'Where it goes: settings.execution of the hire when the execution was asked for.';
comment on column executions.body is 'What is delivered, byte for byte: the canonical JSON (RFC 8785) of the payload.';
comment on column executions.content_sha256 is 'SHA-256 of the body, in hex: the approval''s.';
comment on column executions.state is 'pending -> delivered, or failed when no attempt can help; failed -> pending when it is asked for again.';
comment on column executions.requested_by is 'The request that armed it last, by the id that its Idempotency-Key derives.';
comment on column executions.attempts is 'How many deliveries were begun.';
comment on column executions.last_error is 'Why the last attempt failed; null while none did.';
comment on column executions.next_attempt_at is 'When it may be tried (again); null unless pending.';
comment on column executions.locked_until is 'Until when an attempt holds it; then its holder counts as dead.';
comment on column executions.fence is 'Number of its last claim: only the holder of it may write the outcome.';
comment on column executions.created_at is 'When it was asked for first.';
comment on column executions.delivered_at is 'When it was delivered.';

insert into schema_ledger (name) values ('033_executions') on conflict (name) do nothing;
