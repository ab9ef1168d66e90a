-- Takes back 040_trial_deliverables: what was made in trials goes with it.

drop table if exists trial_deliverables;

delete from schema_ledger where name = '040_trial_deliverables';
