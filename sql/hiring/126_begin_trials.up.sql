-- Trials that are begun at the same time are one statement and one commit, the replies that are kept for their repeats
-- included: a trial and the reply under its request's Idempotency-Key are stored both, or neither is.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

-- begun: the columns of each trial, with a place. keys: the key and the reply of those that have one, by place. Outcomes:
-- made; there: that id is stored already; full: the customer has as many as it may; taken: the key is there already, and
-- nothing is stored; busy, unless it waits: another transaction adds to what the customer has, and nothing is stored.
create function begin_trials(begun json, keys json, most integer, quota_lock integer, waits boolean)
returns table (place integer, outcome text) language plpgsql as $begin$
#variable_conflict use_column
declare
  locked integer[]; -- places whose customer is locked
  free integer[]; -- of these, places whose key is new, or that have none
  places integer[];
  outcomes text[];
begin
  -- of several customers none may wait for another's lock
  select coalesce(array_agg(x.place), '{}') into locked
  from json_to_recordset(begun) as x (place integer, customer_id text)
  where case when waits then pg_advisory_xact_lock(quota_lock, hashtext(x.customer_id)) is not null
    else pg_try_advisory_xact_lock(quota_lock, hashtext(x.customer_id)) end;

  -- in one order, as whoever reserves keys has it
  with held as (
    insert into idempotency_keys (caller, route, key, fingerprint, canonical, holder, first_seen, locked_until, expires_at,
      reply_status, reply_location, reply_body)
    select k.caller, k.route, k.key, k.sent, k.canonical, k.holder, k.first_seen, now(),
      now() + make_interval(hours => k.hours), k.status, k.location, k.body
    from json_to_recordset(keys) as k (place integer, caller text, route text, key text, sent text, canonical text,
      holder uuid, first_seen timestamptz, hours integer, status integer, location text, body text)
    where k.place = any (locked)
    order by k.caller, k.route, k.key
    on conflict (caller, route, key) do nothing
    returning holder
  )
  select coalesce(array_agg(l.place), '{}') into free
  from unnest(locked) as l (place)
    left join json_to_recordset(keys) as k (place integer, holder uuid) on k.place = l.place
    left join held on held.holder = k.holder
  where k.place is null or held.holder is not null;

  -- a statement of its own: it counts what was committed before the locks were had
  with wanted as materialized (
    select x.*, (select count(*) from trials t where t.customer_id = x.customer_id)
        + row_number() over (partition by x.customer_id order by x.place) <= most as fits
    from json_to_recordset(begun) as x (place integer, trial_id varchar, agent_id varchar, customer_name varchar,
      customer_email varchar, company varchar, phone varchar, start_date timestamptz, end_date timestamptz, status varchar,
      customer_id varchar, created_at timestamptz, updated_at timestamptz)
    where x.place = any (free)
  ), made as (
    insert into trials (trial_id, agent_id, customer_name, customer_email, company, phone, start_date, end_date, status,
      customer_id, created_at, updated_at)
    select trial_id, agent_id, customer_name, customer_email, company, phone, start_date, end_date, status, customer_id,
      created_at, updated_at
    from wanted where fits
    on conflict (trial_id) do nothing
    returning trial_id
  )
  select array_agg(w.place),
    array_agg(case when not w.fits then 'full' when made.trial_id is null then 'there' else 'made' end)
  into places, outcomes
  from wanted w left join made using (trial_id);

  -- a refusal is not kept
  if 'full' = any (outcomes) then
    delete from idempotency_keys i
    using unnest(places, outcomes) as o (place, outcome), json_to_recordset(keys) as k (place integer, holder uuid, caller text,
      route text, key text)
    where o.outcome = 'full' and k.place = o.place and i.holder = k.holder
      and (i.caller, i.route, i.key) = (k.caller, k.route, k.key);
  end if;

  return query
    select x.place, case when not x.place = any (locked) then 'busy' else coalesce(o.outcome, 'taken') end
    from json_to_recordset(begun) as x (place integer)
      left join unnest(places, outcomes) as o (place, outcome) on o.place = x.place;
end
$begin$;

insert into schema_scripts (name) values ('126_begin_trials') on conflict (name) do nothing;
