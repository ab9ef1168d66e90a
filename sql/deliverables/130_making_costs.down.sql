-- Takes back 130_making_costs.

alter table if exists making_calls drop column if exists month;
drop table if exists making_costs;

delete from schema_scripts where name = '130_making_costs';
