-- Takes back 120_live_hires.

drop index if exists ix_hired_agents_live;

delete from schema_scripts where name = '120_live_hires';
