-- Takes back 030_hire_and_goal_lifecycle.

alter table goal_instances
  drop constraint if exists ck_goal_instances_version,
  drop constraint if exists ck_goal_instances_default_at,
  drop column if exists version,
  drop column if exists default_at,
  drop column if exists enabled;

alter table hired_agents
  drop constraint if exists ck_hired_agents_version,
  drop constraint if exists ck_hired_agents_deactivated_at,
  drop constraint if exists ck_hired_agents_finalized_at,
  drop constraint if exists ck_hired_agents_configured,
  drop constraint if exists ck_hired_agents_missing,
  drop column if exists version,
  drop column if exists deactivated_at,
  drop column if exists finalized_at,
  drop column if exists timezone,
  drop column if exists missing,
  drop column if exists definition_version;

delete from schema_ledger where name = '030_hire_and_goal_lifecycle';
