-- A published version never changes: triggers refuse it to the owner as well.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

-- Before: 0.2.0 inserts and reads, and does neither of what is refused
create trigger agent_type_definitions_are_immutable before update or delete or truncate on agent_type_definitions
  for each statement execute function refuse_change();

insert into schema_scripts (name) values ('071_published_versions') on conflict (name) do nothing;
