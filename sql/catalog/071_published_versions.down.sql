do $back$
begin
  if to_regclass('agent_type_definitions') is not null then
    drop trigger if exists agent_type_definitions_are_immutable on agent_type_definitions;
  end if;
end
$back$;

delete from schema_scripts where name = '071_published_versions';
