-- What the engine does in one go becomes one statement each: locking the goals that are due and reading them, and ending a batch
-- of runs with their drafts. Each was several statements of a transaction, and each of those a turn between the program and the
-- database. In these functions every statement sees what was committed before it began, as those did.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

-- Up to `most` due goals that nobody else has locked: the longest due, and, when there are more, some of every customer, from
-- customer to customer after `after_customer`. Those that a pause binds are parked. One row at least: how many were locked, and
-- where the next walk begins.
create function lock_due_goals(pause_lock bigint, most integer, after_customer varchar, walked integer)
returns table (locked integer, walk_on varchar, goal_instance_id varchar, hired_instance_id varchar, customer_id varchar,
    version bigint, changed_at timestamptz, enabled boolean, frequency varchar, schedule jsonb, default_at varchar,
    next_slot timestamptz, due_at timestamptz, decided_until timestamptz, replan_until timestamptz, "now" timestamptz,
    timezone varchar, hire_version bigint, hire_changed_at timestamptz, serial integer, waiting integer)
language plpgsql as $body$
#variable_conflict use_column
declare
    half constant integer := ceil(most / 2.0);
    goals varchar[];
    paused boolean[];
    more_goals varchar[];
    more_paused boolean[];
    due_customers varchar[];
    seen integer;
    last_seen varchar;
    parked_goals varchar[];
begin
    -- before the statements that read pauses, as a claim does: so a resume finds all that was parked before it
    perform pg_advisory_xact_lock_shared(pause_lock);
    select array_agg(l.goal_instance_id), array_agg(l.paused) into goals, paused
    from (
        select g.goal_instance_id, is_paused(g.hired_instance_id, g.customer_id, p.ids) as paused
        from projected_goals g, paused_ids p
        where g.due_at <= now() and not g.parked and not is_paused('', '', p.ids)
        order by g.due_at limit half for update of g skip locked) l;
    walk_on := after_customer;
    if cardinality(goals) >= half then
        select array_agg(c.customer_id order by c.customer_id) filter (where c.is_due), count(*), max(c.customer_id)
        into due_customers, seen, last_seen
        from (
            with recursive customer as (
                (select g.customer_id, g.due_at from projected_goals g
                    where g.due_at is not null and not g.parked and g.customer_id > after_customer
                    order by g.customer_id, g.due_at limit 1)
                union all
                select n.* from customer c, lateral (select g.customer_id, g.due_at from projected_goals g
                    where g.due_at is not null and not g.parked and g.customer_id > c.customer_id
                    order by g.customer_id, g.due_at limit 1) n
            )
            select customer_id, due_at <= now() as is_due from customer limit walked) c;
        walk_on := case when cardinality(due_customers) > half then due_customers[half]
            when seen < walked then '' else last_seen end;
        due_customers := due_customers[:half];
        if cardinality(due_customers) > 0 then
            select array_agg(l.goal_instance_id), array_agg(l.paused) into more_goals, more_paused
            from (
                select g.* from unnest(due_customers) as c (customer_id), paused_ids p, lateral (
                    select d.goal_instance_id, is_paused(d.hired_instance_id, d.customer_id, p.ids) as paused
                    from projected_goals d
                    where d.customer_id = c.customer_id and d.due_at <= now() and not d.parked
                        and not is_paused('', '', p.ids) and d.goal_instance_id <> all (goals)
                    order by d.due_at limit greatest(1, half / cardinality(due_customers)) for update skip locked) g) l;
            goals := goals || more_goals;
            paused := paused || more_paused;
        end if;
    end if;
    locked := coalesce(cardinality(goals), 0);
    if true = any (paused) then
        select array_agg(g.id) into parked_goals from unnest(goals, paused) as g (id, paused) where g.paused;
        update projected_goals set parked = true where goal_instance_id = any (parked_goals);
    end if;
    -- after the goals are locked, so that it sees what the lock waited for
    return query select locked, walk_on, r.*
    from (values (true)) as one (row) left join lateral (
        select g.goal_instance_id, g.hired_instance_id, g.customer_id, g.version, g.changed_at, g.enabled, g.frequency,
            g.schedule, g.default_at, g.next_slot, g.due_at, g.decided_until, g.replan_until, now(), h.timezone, h.version,
            h.changed_at,
            -- limited counts: an EXISTS could be planned as one read of the whole queue
            (select count(*)::int from (select 1 from run_queue q where q.goal_instance_id = g.goal_instance_id
                and q.serial and q.state <> 'waiting' limit 1) o) + case when w.some then (select count(*)::int from (
                select 1 from run_queue q where q.goal_instance_id = g.goal_instance_id and q.state = 'waiting' limit 1) o)
                else 0 end,
            case when w.some then (select count(*)::int from (select from run_queue q
                where q.goal_instance_id = g.goal_instance_id and q.state = 'waiting' and not q.caught_up limit 1) o)
                else 0 end
        from projected_goals g join projected_hires h on h.hired_instance_id = g.hired_instance_id,
            -- mostly nothing waits, which is seen once, not once a goal
            (select exists (select from run_queue q where q.state = 'waiting') as some) w
        where g.goal_instance_id = any (goals) and not g.parked and g.due_at <= now()) r on true;
end
$body$;

comment on function lock_due_goals(bigint, integer, varchar, integer) is 'Locks goals that are due and reads them, within the transaction that makes their runs';

-- As script 251 made it, but for what settle_runs takes out
create or replace function record_run_cancelled() returns trigger
language plpgsql security definer set search_path from current as $body$
begin
    -- what settle_runs ends it records itself
    if current_setting('stint.settles', true) = 'on' then
        return null;
    end if;
    with lost as (
        select q.*, run_key(q.goal_instance_id, q.scheduled_time) as key from gone q
        where not q.recorded
            and (select true from scheduled_goal_runs r where r.scheduled_run_id = q.scheduled_run_id limit 1) is null
    ), runs as (
        insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
            created_at, status, closed_at, origin, idempotency_key, reason_code, run_metadata)
        select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, claimed_at, 'cancelled',
            now(), 'schedule', key, case
                when not exists (select from projected_goals g where g.goal_instance_id = l.goal_instance_id)
                    then 'goal_deleted'
                when exists (select from projected_hires h where h.hired_instance_id = l.hired_instance_id
                    and not h.runnable) then 'hire_not_runnable'
                when exists (select from projected_goals g where g.goal_instance_id = l.goal_instance_id
                    and not g.enabled) then 'goal_disabled'
                else 'cancelled_by_operator' end, '{"reason": "cancelled while it was running"}'
        from lost l
        on conflict do nothing
    )
    insert into goal_runs (run_id, scheduled_run_id, goal_instance_id, idempotency_key, status, started_at, completed_at,
        attempt, error_details)
    select replace(scheduled_run_id, 'SCH-', 'RUN-'), scheduled_run_id, goal_instance_id, key, 'failed', claimed_at, now(),
        1, '{"type": "CANCELLED", "message": "cancelled while it was running", "attempt": 1}'
    from lost
    on conflict do nothing;
    return null;
end
$body$;

-- Ends runs with their drafts, each only while its fence stands; of one that was not recorded both rows are made with their end.
-- Then the next runs of their goals, and the counters: an observation is in the bucket of the first bound above it.
-- `goals` are those of the serial ones among them; `makers` holds runs whose lateness says nothing of the engine.
create function settle_runs(runs varchar[], fences bigint[], drafts varchar[], goals varchar[], makers varchar,
    lateness_bounds double precision[], duration_bounds double precision[])
returns table (written integer, released integer)
language plpgsql as $body$
#variable_conflict use_column
declare
    gone_goals varchar[];
    recorded_runs varchar[];
    recorded_drafts varchar[];
    recorded_late double precision[];
    durations double precision[];
    latenesses double precision[];
    own_shard constant smallint := pg_backend_pid() % 16;
begin
    -- in their order, and in a statement of its own: the next one sees what this waited for
    perform 1 from projected_goals g where g.goal_instance_id = any (goals) order by g.goal_instance_id for update;
    perform set_config('stint.settles', 'on', true);
    with ended as (
        -- by their ids, and not by a join: for that a plan that was made while the queue was small would read all of it
        delete from run_queue q
        where q.scheduled_run_id = any (runs) and q.fence = fences[array_position(runs, q.scheduled_run_id)]
        returning q.scheduled_run_id, q.goal_instance_id, q.hired_instance_id, q.customer_id, q.scheduled_time, q.claimed_at,
            q.recorded, q.serial, drafts[array_position(runs, q.scheduled_run_id)] as draft, run_key(q.goal_instance_id, q.scheduled_time) as key,
            extract(epoch from clock_timestamp() - q.claimed_at)::float8 as seconds,
            case when not q.caught_up and q.holder <> makers
                then extract(epoch from clock_timestamp() - q.due_at)::float8 end as late
    ), histories as (
        insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
            created_at, status, completed_at, closed_at, origin, idempotency_key, draft_late_ms)
        select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, claimed_at, 'completed',
            now(), now(), 'schedule', key, least(late * 1000, 2e9)::int
        from ended where not recorded
        on conflict do nothing
    ), executions as (
        insert into goal_runs (run_id, scheduled_run_id, goal_instance_id, idempotency_key, status, started_at, attempt,
            completed_at, deliverable_id, duration_ms)
        select replace(scheduled_run_id, 'SCH-', 'RUN-'), scheduled_run_id, goal_instance_id, key, 'completed', claimed_at, 1,
            now(), draft, (seconds * 1000)::int
        from ended where not recorded
        -- a slot whose run was pruned, and that is made anew, meets the execution that it had
        on conflict (idempotency_key) do update set status = excluded.status, started_at = excluded.started_at,
            run_id = excluded.run_id, scheduled_run_id = excluded.scheduled_run_id, attempt = excluded.attempt,
            completed_at = excluded.completed_at, deliverable_id = excluded.deliverable_id,
            duration_ms = excluded.duration_ms, error_details = null
    )
    select count(*), array_agg(distinct goal_instance_id) filter (where serial),
        array_agg(scheduled_run_id) filter (where recorded), array_agg(draft) filter (where recorded),
        array_agg(late) filter (where recorded), array_agg(seconds), array_agg(late) filter (where late is not null)
    into written, gone_goals, recorded_runs, recorded_drafts, recorded_late, durations, latenesses from ended;
    perform set_config('stint.settles', 'off', true);
    released := 0;
    if recorded_runs is not null then
        -- in a statement of its own, which sees the rows of one that was recorded meanwhile
        with histories as (
            update scheduled_goal_runs r set status = 'completed', completed_at = now(), closed_at = now(),
                draft_late_ms = least(recorded_late[array_position(recorded_runs, r.scheduled_run_id)] * 1000, 2e9)::int
            where r.scheduled_run_id = any (recorded_runs)
            returning r.dlq_id
        ), executions as (
            update goal_runs g set status = 'completed', completed_at = now(),
                deliverable_id = recorded_drafts[array_position(recorded_runs, g.scheduled_run_id)],
                duration_ms = (extract(epoch from clock_timestamp() - g.started_at) * 1000)::int
            where g.scheduled_run_id = any (recorded_runs)
        )
        update scheduler_dlq set state = 'resolved', closed_at = now()
        where state = 'open' and dlq_id = any (array(select dlq_id from histories where dlq_id is not null));
    end if;
    if gone_goals is not null and exists (select from run_queue q where q.state = 'waiting') then
        update run_queue q set state = 'ready', claimable_at = now(), due_at = greatest(q.due_at, now())
        where q.scheduled_run_id = any (array(
            select next.scheduled_run_id from unnest(gone_goals) as g (id)
            left join lateral (select true as is_open from run_queue o
                where o.goal_instance_id = g.id and o.serial and o.state <> 'waiting' limit 1) o on true
            cross join lateral (select scheduled_run_id from (
                (select w.scheduled_run_id, w.scheduled_time from run_queue w
                    where w.goal_instance_id = g.id and w.state = 'waiting' and w.caught_up
                    order by w.scheduled_time limit 1)
                union all
                (select w.scheduled_run_id, w.scheduled_time from run_queue w
                    where w.goal_instance_id = g.id and w.state = 'waiting' and not w.caught_up
                    order by w.scheduled_time limit 1)) w
                order by scheduled_time limit 1) next
            where o.is_open is null));
        get diagnostics released = row_count;
    end if;
    if written > 0 then
        -- the last: their rows are locked until it commits. In their order, so that no two writers deadlock
        insert into engine_counters as c (name, label, shard, value)
            select name, label, own_shard, sum(value)
            from (
                select 'runs', 'completed', written::float8
                union all
                select 'duration', coalesce(duration_bounds[1 + width_bucket(d, duration_bounds)]::text, '+Inf'), 1
                from unnest(durations) d
                union all
                select 'duration', 'sum', greatest(d, 0) from unnest(durations) d
                union all
                select 'draft_lateness', coalesce(lateness_bounds[1 + width_bucket(l, lateness_bounds)]::text, '+Inf'), 1
                from unnest(latenesses) l
                union all
                select 'draft_lateness', 'sum', greatest(l, 0) from unnest(latenesses) l
            ) as one (name, label, value)
            where value <> 0
            group by name, label order by name, label
            on conflict (name, label, shard) do update set value = c.value + excluded.value;
    end if;
    return next;
end
$body$;

comment on function settle_runs(varchar[], bigint[], varchar[], varchar[], varchar, double precision[], double precision[]) is 'Ends runs with their drafts, and lets the next runs of their goals start';

insert into schema_scripts (name) values ('271_engine_turns') on conflict (name) do nothing;
