-- Trials of the lead-generation kind: before there is a subscription.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table trials (
  trial_id varchar not null,
  agent_id varchar not null,
  customer_name varchar not null,
  customer_email varchar not null,
  company varchar not null,
  phone varchar,
  start_date timestamptz not null,
  end_date timestamptz not null,
  status varchar not null default 'active',
  customer_id varchar,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint pk_trials primary key (trial_id),
  constraint ck_trials_status check (status in ('active', 'converted', 'cancelled', 'expired')),
  constraint ck_trials_end_date check (end_date > start_date),
  constraint ck_trials_customer_email check (customer_email = lower(customer_email)),
  constraint ck_trials_phone check (phone !~ '\s')
);

create index ix_trials_status on trials (status, trial_id);
create index ix_trials_customer_id on trials (customer_id, trial_id);
create index ix_trials_end_date on trials (end_date) where status = 'active';

comment on table trials is 'Seven days with an agent type for someone who may become a customer.';
comment on column trials.trial_id is 'Unique identifier: TRL- and a time-ordered uuid.';
comment on column trials.agent_id is 'Agent type ID that is tried.';
comment on column trials.customer_name is 'Who tries it.';
comment on column trials.customer_email is 'E-mail address, lower-cased.';
comment on column trials.company is 'For which company.';
comment on column trials.phone is 'Phone number, without spaces, if one was left.';
comment on column trials.start_date is 'When it began.';
comment on column trials.end_date is 'When it expires unless it ended before: seven days after its start.';
comment on column trials.status is 'active -> converted, cancelled or expired, each of which is final.';
comment on column trials.customer_id is 'The customer that began it, who alone sees it beside operators and viewers; null when an operator did.';
comment on column trials.created_at is 'Creation timestamp.';
comment on column trials.updated_at is 'Last update timestamp.';

insert into schema_ledger (name) values ('041_trials') on conflict (name) do nothing;
