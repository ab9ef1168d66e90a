-- Takes back 077_deliverable_agents.

create or replace function deliverables_version() returns trigger language plpgsql as $version$
begin
  new.version := old.version + 1;
  return new;
end
$version$;

drop index if exists ix_deliverables_without_agent;

delete from schema_scripts where name = '077_deliverable_agents';
