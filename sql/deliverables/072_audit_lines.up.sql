-- Lines of the audit log lose nothing before their time: triggers refuse it to the owner as well.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create function refuse_line_change() returns trigger language plpgsql as $refuse$
begin
  -- the retention of audit lines
  if tg_op = 'DELETE' and old.timestamp < now() - interval '90 days' then
    return old;
  end if;
  raise exception '% on % is refused: a line is kept as it is for 90 days', tg_op, tg_table_name
    using errcode = 'insufficient_privilege';
end
$refuse$;

comment on function refuse_line_change() is 'Refuses the change of an audit line, and its removal within its time, to everyone.';

-- Before: 0.2.0 inserts, and removes what is older than 90 days
create trigger gateway_audit_logs_are_kept before update or delete on gateway_audit_logs
  for each row execute function refuse_line_change();
create trigger gateway_audit_logs_are_not_emptied before truncate on gateway_audit_logs
  for each statement execute function refuse_line_change();

insert into schema_scripts (name) values ('072_audit_lines') on conflict (name) do nothing;
