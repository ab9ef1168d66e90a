-- Takes back 010_subscriptions: the subscriptions go with it.

drop table if exists subscriptions;

delete from schema_ledger where name = '010_subscriptions';
