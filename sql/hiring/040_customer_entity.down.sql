-- Takes back 040_customer_entity: customers go with it.

drop table if exists customer_entity;

delete from schema_ledger where name = '040_customer_entity';
