-- A run that ends costs its database less: the slot of a goal is entered in one index instead of two with the same columns, and its
-- history is written by plain inserts.

create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
);

-- Before: a slot of a goal is still unique, and "on conflict" names no constraint of it
alter table scheduled_goal_runs drop constraint uq_scheduled_runs_goal_slot;
drop index idx_scheduled_runs_goal_time;
create unique index idx_scheduled_runs_goal_time on scheduled_goal_runs (goal_instance_id, scheduled_time);

-- What settle_runs of script 271 does, at less: its inserts are plain ones, which need not look for a row in the way of each before
-- they make it, and a run finds its fence and its draft by halving the list of the fences. Where there is a row in the way after all
-- nothing of it holds, and settle_runs ends the batch: it passes over what is there.
create function end_runs(runs varchar[], fences bigint[], drafts varchar[], goals varchar[], makers varchar,
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
    -- by their fences, so that each row finds its place in the lists by halving them
    select array_agg(i.run order by i.fence), array_agg(i.fence order by i.fence), array_agg(i.draft order by i.fence)
    into runs, fences, drafts from unnest(runs, fences, drafts) as i (run, fence, draft);
    -- in their order, and in a statement of its own: the next one sees what this waited for
    perform 1 from projected_goals g where g.goal_instance_id = any (goals) order by g.goal_instance_id for update;
    perform set_config('stint.settles', 'on', true);
    with ended as (
        -- by their ids, and not by a join: for that a plan that was made while the queue was small would read all of it
        delete from run_queue q
        where q.scheduled_run_id = any (runs) and q.fence = fences[width_bucket(q.fence, fences)]
            and q.scheduled_run_id = runs[width_bucket(q.fence, fences)]
        returning q.scheduled_run_id, q.goal_instance_id, q.hired_instance_id, q.customer_id, q.scheduled_time, q.claimed_at,
            q.recorded, q.serial, drafts[width_bucket(q.fence, fences)] as draft, run_key(q.goal_instance_id, q.scheduled_time) as key,
            extract(epoch from clock_timestamp() - q.claimed_at)::float8 as seconds,
            case when not q.caught_up and q.holder <> makers
                then extract(epoch from clock_timestamp() - q.due_at)::float8 end as late
    ), histories as (
        insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
            created_at, status, completed_at, closed_at, origin, idempotency_key, draft_late_ms)
        select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, claimed_at, 'completed',
            now(), now(), 'schedule', key, least(late * 1000, 2e9)::int
        from ended where not recorded
    ), executions as (
        insert into goal_runs (run_id, scheduled_run_id, goal_instance_id, idempotency_key, status, started_at, attempt,
            completed_at, deliverable_id, duration_ms)
        select replace(scheduled_run_id, 'SCH-', 'RUN-'), scheduled_run_id, goal_instance_id, key, 'completed', claimed_at, 1,
            now(), draft, (seconds * 1000)::int
        from ended where not recorded
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
exception when unique_violation then
    return query select * from settle_runs(runs, fences, drafts, goals, makers, lateness_bounds, duration_bounds);
end
$body$;

comment on function end_runs(varchar[], bigint[], varchar[], varchar[], varchar, double precision[], double precision[]) is 'Ends runs with their drafts, and lets the next runs of their goals start';

insert into schema_scripts (name) values ('272_run_ends') on conflict (name) do nothing;
