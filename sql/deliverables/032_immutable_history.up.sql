-- Nobody changes a decision or takes it away, nor a deliverable: triggers refuse it to the owner as well.

create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
);

create function refuse_change() returns trigger language plpgsql as $refuse$
begin
  raise exception '% on % is refused: its rows are kept as they are', tg_op, tg_table_name
    using errcode = 'insufficient_privilege';
end
$refuse$;

comment on function refuse_change() is 'Refuses the statement that fires it, to everyone.';

create trigger approvals_are_immutable before update or delete or truncate on approvals
  for each statement execute function refuse_change();
create trigger deliverables_are_kept before delete or truncate on deliverables
  for each statement execute function refuse_change();

insert into schema_ledger (name) values ('032_immutable_history') on conflict (name) do nothing;
