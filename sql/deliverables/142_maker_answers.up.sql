-- Answers that makers call back: how many of them were no draft.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

alter table makings add column bad_answers integer not null default 0;

comment on column makings.bad_answers is 'How many answers that its maker called back in this attempt were no draft';

insert into schema_scripts (name) values ('142_maker_answers') on conflict (name) do nothing;
