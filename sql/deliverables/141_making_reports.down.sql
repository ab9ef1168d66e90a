-- Takes back 141_making_reports.

drop index if exists ix_making_costs_month;
alter table if exists making_costs drop column if exists budget;
drop index if exists ix_making_calls_customer;

delete from schema_scripts where name = '141_making_reports';
