-- A customer's trial is begun by one statement: under the lock of what the customer has, counted, stored. A function's
-- statements each see what was committed before them, so that the count, which comes after the lock, sees all before it.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

create function begin_trial(begun trials, most integer, quota_lock integer) returns setof trials language plpgsql
as $begin$
begin
  perform pg_advisory_xact_lock(quota_lock, hashtext(begun.customer_id));
  return query
    insert into trials select begun.*
    where (select count(*) from trials where customer_id = begun.customer_id) < most
    on conflict (trial_id) do update set trial_id = excluded.trial_id
    returning *;
end
$begin$;

insert into schema_scripts (name) values ('121_begin_trial') on conflict (name) do nothing;
