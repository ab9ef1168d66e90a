-- Dead letters that deliverables was told of, which tells the people of their customers.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

alter table scheduler_dlq add column told_at timestamptz;
comment on column scheduler_dlq.told_at is 'When deliverables took it in; null while it has not';

-- Those of before are no news
update scheduler_dlq set told_at = now();
create index ix_scheduler_dlq_untold on scheduler_dlq (first_failed_at) where told_at is null;

insert into schema_scripts (name) values ('285_told_dead_letters') on conflict (name) do nothing;
