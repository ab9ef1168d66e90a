-- Which version of a hire the feed has told. Every write of a hire is in the feed, since a draft names the version that it was
-- decided by; 0.2.0 told only what the scheduler runs by.
-- Before: 0.2.0 leaves the column as it is, by which its writes that it does not tell are found and told.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

alter table hired_agents add column announced_version bigint;

comment on column hired_agents.announced_version is 'The version that the feed has told; null when a program of 0.2.0 wrote the hire first.';

create index ix_hired_agents_unannounced on hired_agents (hired_instance_id)
  where announced_version is distinct from version;

insert into schema_scripts (name) values ('087_announced_hires') on conflict (name) do nothing;
