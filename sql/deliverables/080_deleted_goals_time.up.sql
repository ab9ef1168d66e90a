-- When a goal was found deleted: when hiring has it again after a restore, the drafts that were deleted with it come back, and
-- not those that were deleted before.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

alter table deleted_goals add column recorded_at timestamptz not null default now();

comment on column deleted_goals.recorded_at is 'When it was found deleted: its drafts were deleted then or later. Of older ones, when this column was added.';

insert into schema_scripts (name) values ('080_deleted_goals_time') on conflict (name) do nothing;
