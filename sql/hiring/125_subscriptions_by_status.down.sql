-- Takes back 125_subscriptions_by_status.

drop index if exists ix_subscriptions_status;

delete from schema_scripts where name = '125_subscriptions_by_status';
