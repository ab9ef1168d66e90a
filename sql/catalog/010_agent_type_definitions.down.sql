-- Takes back 010_agent_type_definitions: the published definitions go with it.

drop table if exists agent_type_definitions;

delete from schema_ledger where name = '010_agent_type_definitions';
