-- Takes back 162_due_by_hire.

do $$
begin
  if exists (select from information_schema.columns where table_name = 'deliverables' and column_name = 'revising_since') then
    create index if not exists ix_deliverables_due on deliverables (customer_id, expires_at, created_at, deliverable_id)
      where review_status = 'pending_review' and revising_since is null and deleted_at is null;
  end if;
end
$$;
drop index if exists ix_deliverables_goal_due;
drop index if exists ix_deliverables_hire_due;

delete from schema_scripts where name = '162_due_by_hire';
