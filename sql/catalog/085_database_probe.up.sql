-- Whether this database can be written, tried every some seconds: readiness says why when it can't.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create table database_probe (
    only_row boolean not null default true,
    tried_at timestamptz not null default now(),
    constraint pk_database_probe primary key (only_row),
    constraint ck_database_probe_only_row check (only_row)
);
insert into database_probe default values;

-- It writes a row, whose commit has to reach the disk, and a temporary file larger than its memory, which needs free space: a
-- full disk can still take a row, where a page has room. Of replicas that try at once one writes the row.
create function probe_database() returns void language plpgsql set work_mem = '64kB' as $probe$
begin
  perform from database_probe where only_row for update skip locked;
  if found then
    update database_probe set tried_at = now() where only_row;
  end if;
  perform count(*) from generate_series(1, 20000);
end
$probe$;

comment on table database_probe is 'One row, which a service writes to know whether its database can be written';
comment on column database_probe.only_row is 'There is one row';
comment on column database_probe.tried_at is 'When it was last written';
comment on function probe_database() is 'Tries to write a row and a temporary file';

insert into schema_scripts (name) values ('085_database_probe') on conflict (name) do nothing;
