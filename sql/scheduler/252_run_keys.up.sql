-- A run's key is made of its goal and slot, which are unique together (uq_scheduled_runs_goal_slot). So the key's own index in
-- scheduled_goal_runs never found anything; it was the largest that each run entered.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

-- Before: nothing reads these rows by their key, and "on conflict do nothing" names no index
alter table scheduled_goal_runs drop constraint uq_scheduled_runs_idempotency_key;

insert into schema_scripts (name) values ('252_run_keys') on conflict (name) do nothing;
