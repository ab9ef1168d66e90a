-- Takes back 041_trials: trials go with it.

drop table if exists trials;

delete from schema_ledger where name = '041_trials';
