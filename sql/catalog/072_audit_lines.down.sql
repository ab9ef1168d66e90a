do $back$
begin
  if to_regclass('gateway_audit_logs') is not null then
    drop trigger if exists gateway_audit_logs_are_kept on gateway_audit_logs;
    drop trigger if exists gateway_audit_logs_are_not_emptied on gateway_audit_logs;
  end if;
end
$back$;
drop function if exists refuse_line_change();

delete from schema_scripts where name = '072_audit_lines';
