-- Takes back 090_schema_scripts. The table stays: it is the ledger of the scripts beside this one.

delete from schema_scripts where name = '090_schema_scripts';
