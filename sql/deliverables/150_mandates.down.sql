-- Takes back 150_mandates: every draft asks its people again. Approvals of mandates stay approvals.

drop trigger if exists deliverable_revisions_are_looked_at on deliverable_revisions;
drop trigger if exists deliverables_are_looked_at on deliverables;
drop trigger if exists approvals_of_mandates_are_uses on approvals;
drop function if exists queue_revision_for_mandates();
drop function if exists queue_for_mandates();
drop table if exists mandate_queue;
drop index if exists ix_approvals_mandate;
drop function if exists check_mandate_approval();
drop table if exists mandate_uses;
drop function if exists check_mandate_use();
drop table if exists mandates;
drop function if exists keep_mandate();

delete from schema_scripts where name = '150_mandates';
