-- Takes back 011_hired_agents_and_goals: hires and goals go with it.

drop table if exists goal_instances;
drop table if exists hired_agents;

delete from schema_ledger where name = '011_hired_agents_and_goals';
