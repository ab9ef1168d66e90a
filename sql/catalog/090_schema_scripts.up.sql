-- The ledger of the scripts since 0.2.0, whose programs refuse each row of schema_ledger that they do not know. A row here
-- binds them to nothing, so they run on a schema that later scripts have expanded.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

comment on column schema_scripts.name is 'The script: its file''s name without .up.sql';
comment on column schema_scripts.needs is 'The lowest version of a program that may run on it; null when every program before may';
comment on column schema_scripts.applied_at is 'When it was applied';

insert into schema_scripts (name) values ('090_schema_scripts') on conflict (name) do nothing;
