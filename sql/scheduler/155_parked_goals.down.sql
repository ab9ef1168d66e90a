drop index ix_projected_goals_due_at;
drop index ix_projected_goals_customer_due;
drop index ix_projected_goals_parked;
alter table projected_goals drop column parked;
create index ix_projected_goals_due_at on projected_goals (due_at) where due_at is not null;
delete from schema_ledger where name = '155_parked_goals';
