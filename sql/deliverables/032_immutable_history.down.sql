-- Takes back 032_immutable_history: only the grants protect the history from then on.

drop trigger if exists approvals_are_immutable on approvals;
drop trigger if exists deliverables_are_kept on deliverables;
drop function if exists refuse_change();

delete from schema_ledger where name = '032_immutable_history';
