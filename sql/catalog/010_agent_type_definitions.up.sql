-- Versioned agent type definitions: what can be configured, which goals exist, what needs an approval.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create table agent_type_definitions (
  id varchar not null,
  agent_type_id varchar not null,
  version varchar not null,
  payload jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint pk_agent_type_definitions primary key (id),
  constraint uq_agent_type_id_version unique (agent_type_id, version),
  constraint ck_agent_type_definitions_id check (id = agent_type_id || '@' || version),
  constraint ck_agent_type_definitions_payload check (jsonb_typeof(payload) = 'object')
);

create index ix_agent_type_definitions_agent_type_id on agent_type_definitions (agent_type_id);

comment on table agent_type_definitions is 'Versioned storage for agent type schemas and goal templates; a version never changes once published.';
comment on column agent_type_definitions.id is 'Unique identifier: {agent_type_id}@{version}.';
comment on column agent_type_definitions.agent_type_id is 'Agent type ID, e.g. marketing.healthcare.v1.';
comment on column agent_type_definitions.version is 'Semantic version, e.g. 1.0.0.';
comment on column agent_type_definitions.payload is 'Full JSON structure with config_schema, goal_templates, enforcement_defaults.';
comment on column agent_type_definitions.created_at is 'When the version was published.';
comment on column agent_type_definitions.updated_at is 'When the row was last written.';

insert into schema_ledger (name) values ('010_agent_type_definitions') on conflict (name) do nothing;
