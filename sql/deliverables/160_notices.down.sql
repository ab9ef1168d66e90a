-- Takes back 160_notices: nobody is told of anything, and what was told is forgotten.

drop trigger if exists deliverables_are_told_of on deliverables;
drop trigger if exists deliverables_revisions_are_told_of on deliverables;
drop trigger if exists deliverables_expired_are_told_of on deliverables;
drop trigger if exists mandate_uses_are_told_of on mandate_uses;
drop trigger if exists mandates_revoked_are_told_of on mandates;
drop trigger if exists executions_are_told_of on executions;
drop function if exists tell_of_drafts();
drop function if exists tell_of_revision();
drop function if exists tell_of_execution();
drop function if exists tell_of_expiry();
drop function if exists tell_of_mandate_use();
drop function if exists tell_of_revoked_mandate();
drop function if exists tell_of_expired();
drop function if exists draft_details(deliverables);
drop function if exists tell(varchar, varchar, varchar, varchar, jsonb);
drop table if exists notice_looks;
drop table if exists decision_links;
drop table if exists notices;
drop sequence if exists notice_fence;
drop table if exists notice_items;
drop table if exists notice_events;
drop table if exists reviewer_channels;
drop table if exists reviewers;

delete from schema_scripts where name = '160_notices';
