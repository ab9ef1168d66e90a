/** Takes runs that are due, on Postgres: under the pause lock, lane by lane, with lease and fence (design.md). */
import { PgClient } from "@effect/sql-pg"
import { RETRIES_FULL_SECONDS, RETRY_SHARE } from "@stint/edge/Schedules"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Fragment } from "effect/sql/Statement"
import { LimitKind } from "../../Limits/Repo.ts"
import { ClaimedRun } from "../../Model.ts"
import { Increments } from "../Counters.ts"
import { allocate, type Lane, RANK, type Share } from "../Fair.ts"
import { LOST, type Outcome } from "../Outcome.ts"
import type { ClaimRequest } from "../Repo.ts"
import { counterWrites } from "./Counters.ts"
import { PAUSE_LOCK } from "./Pauses.ts"
import { settling } from "./Settle.ts"

/** The key of the advisory lock between claims while there are limits: what is counted there must not change meanwhile. */
const LIMIT_LOCK = 7141_002
/** How many runs whose time has come are marked ready at once. */
const PROMOTED = 1000
/** How many lanes of a rank one walk passes at least, and how often a claim walks on when none of them may run. */
const WALKED = 400
const WALKS = 50

const asDead = (run: ClaimedRun): Outcome => ({ _tag: "Dead", run, errorType: "TRANSIENT", error: LOST })

/** `EngineRepo.claim`, to be run inside a transaction. */
export const claiming = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const settle = yield* settling
  const count = yield* counterWrites
  /** Where the walk over a rank's lanes goes on, when there are more than one claim serves. */
  const cursors = new Map<number, Lane>()

  const Claimed = Schema.Struct({
    ...ClaimedRun.fields,
    /** Its attempt before was lost. */
    lost: Schema.Boolean,
    /** Seconds from when it should have started; of first attempts that are not caught up. */
    lateness: Schema.NullOr(Schema.Finite),
  })
  /** Claims the rows that a query of `run_queue` picks and locks. */
  const take = (request: ClaimRequest, picked: Fragment) =>
    sql`with picked as (${picked}), taken as (
            update run_queue q set fence = nextval('run_fence'), holder = ${request.holder}, claimed_at = now(),
              ready = false, claimable_at = now() + make_interval(secs => ${request.leaseMs / 1000}),
              attempt = q.attempt + 1
            -- an array, not a join: the planner would read a queue of some ten thousand whole for it
            where q.scheduled_run_id = any (array(select scheduled_run_id from picked))
            returning q.*
          ), lost as (
            insert into run_attempts (scheduled_run_id, fence, attempt, started_at, ended_at, error_details)
            select scheduled_run_id, fence, attempt, claimed_at, now(),
              ${sql.json(LOST)} || jsonb_build_object('attempt', attempt)
            from picked where holder is not null
          ), executions as (
            insert into goal_runs (run_id, scheduled_run_id, goal_instance_id, idempotency_key, status, started_at, attempt)
            select replace(scheduled_run_id, 'SCH-', 'RUN-'), scheduled_run_id, goal_instance_id,
              goal_instance_id || ':' || to_char(scheduled_time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
              'running', now(), attempt
            from taken
            -- a slot whose run was pruned and that is triggered anew meets the execution that it had
            on conflict (idempotency_key) do update set status = 'running', started_at = now(),
              run_id = excluded.run_id, scheduled_run_id = excluded.scheduled_run_id,
              attempt = excluded.attempt, completed_at = null, error_details = null
          )
          select t.scheduled_run_id, t.goal_instance_id, t.hired_instance_id, t.scheduled_time, t.attempt, t.fence,
            t.claimed_at, t.serial, p.holder is not null as lost,
            case when t.attempt = 1 and not t.caught_up then extract(epoch from now() - t.due_at)::float8 end as lateness
          from taken t join picked p using (scheduled_run_id)`
  /** Runs that two holders or more were lost with: what they are may be what ends a process. */
  const suspects = (request: ClaimRequest, paused: ReadonlyArray<string>) =>
    sql`select * from run_queue q
        where not ready and claimable_at <= now() and holder is not null and attempt >= 2
          and attempt < ${request.maxAttempts} and (forced or not
            array['global', 'hire:' || hired_instance_id, 'customer:' || customer_id]::varchar[] && ${paused}::varchar[])
        order by claimable_at limit 1 for update skip locked`
  const takeAlone = SqlSchema.findAll({
    Request: Schema.Any,
    Result: Claimed,
    execute: ([request, paused]: [ClaimRequest, ReadonlyArray<string>]) => take(request, suspects(request, paused)),
  })
  const takeShares = SqlSchema.findAll({
    Request: Schema.Any,
    Result: Claimed,
    execute: ([request, paused, shares]: [ClaimRequest, ReadonlyArray<string>, ReadonlyArray<Share>]) =>
      take(
        request,
        sql`select r.* from json_to_recordset(${JSON.stringify(shares)}::json)
              as s (rank smallint, customer_id varchar, agent_id varchar, quota integer), lateral (
                select * from run_queue q
                where q.ready and q.rank = s.rank and q.customer_id = s.customer_id and q.agent_id = s.agent_id
                  and (q.forced or not 'hire:' || q.hired_instance_id = any(${paused}::varchar[]))
                order by q.due_at limit s.quota for update skip locked) r`,
      ),
  })
  const findExhausted = SqlSchema.findAll({
    Request: Schema.Int,
    Result: ClaimedRun,
    execute: (maxAttempts) =>
      sql`select scheduled_run_id, goal_instance_id, hired_instance_id, scheduled_time, attempt, fence, claimed_at, serial
          from run_queue where not ready and holder is not null and attempt >= ${maxAttempts} and claimable_at <= now()
          order by claimable_at limit 100 for update skip locked`,
  })
  const promote = sql`update run_queue set ready = true where scheduled_run_id = any (array(
      select scheduled_run_id from run_queue
      where not ready and claimable_at <= now() and (holder is null or attempt < 2)
      order by claimable_at limit ${PROMOTED} for update skip locked))`

  const Lanes = Schema.Struct({
    rank: Schema.Int,
    customer_id: Schema.String,
    agent_id: Schema.String,
  })
  /**
   * From lane to lane by the index, whatever stands in each: of every rank up to so many that are not paused, from where the
   * last walk ended. A lane in which only paused hires wait is none.
   */
  const walk = SqlSchema.findAll({
    Request: Schema.Any,
    Result: Lanes,
    execute: ([most, paused]: [number, ReadonlyArray<string>]) => {
      const ranks = paused.includes("global") ? [RANK.forced] : Object.values(RANK)
      const from = ranks.map((rank) => cursors.get(rank) ?? { rank, customer_id: "", agent_id: "" })
      const mayRun = sql`(q.forced or not 'hire:' || q.hired_instance_id = any(${paused}::varchar[]))`
      return sql`select l.* from json_to_recordset(${JSON.stringify(from)}::json)
            as k (rank smallint, customer_id varchar, agent_id varchar), lateral (
            with recursive lane as (
              (select q.rank, q.customer_id, q.agent_id from run_queue q
                where q.ready and q.rank = k.rank and (q.customer_id, q.agent_id) > (k.customer_id, k.agent_id)
                  and ${mayRun}
                order by q.customer_id, q.agent_id limit 1)
              union all
              select n.* from lane, lateral (
                select q.rank, q.customer_id, q.agent_id from run_queue q
                where q.ready and q.rank = k.rank and (q.customer_id, q.agent_id) > (lane.customer_id, lane.agent_id)
                  and ${mayRun}
                order by q.customer_id, q.agent_id limit 1) n
            )
            select * from lane
            where rank = ${RANK.forced} or not 'customer:' || customer_id = any(${paused}::varchar[])
            limit ${most}) l
          order by rank, customer_id, agent_id`
    },
  })
  const readLimits = SqlSchema.findAll({
    Request: Schema.Void,
    Result: Schema.Struct({
      kind: LimitKind,
      subject: Schema.String,
      max_running: Schema.Int,
    }),
    execute: () => sql`select kind, subject, max_running from run_limits`,
  })
  const readRunning = SqlSchema.findAll({
    Request: Schema.Void,
    Result: Schema.Struct({ customer_id: Schema.String, agent_id: Schema.String, running: Schema.Int }),
    execute: () =>
      sql`select customer_id, agent_id, count(*)::int as running from run_queue
          where holder is not null and not ready group by customer_id, agent_id`,
  })
  /** Refills the budget of retries: by time, and by a share of what completed meanwhile. Locked until the claim commits. */
  const refill = (perSecond: number) =>
    Effect.map(
      sql<{ tokens: number }>`
        update retry_budget b set filled_at = greatest(now(), filled_at), completed_seen = c.n, tokens = least(
            ${perSecond * RETRIES_FULL_SECONDS}::float8,
            tokens + greatest(extract(epoch from now() - filled_at), 0) * ${perSecond}::float8
              + greatest(c.n - completed_seen, 0) * ${RETRY_SHARE}::float8)
        from (select coalesce(sum(value), 0)::bigint as n from engine_counters
          where name = 'runs' and label = 'completed') c
        returning tokens`,
      (rows) => Math.floor(rows[0]!.tokens),
    )

  /** Moves on from the lanes that were served, or starts again once the walk has seen all. */
  const moveOn = (lanes: ReadonlyArray<Lane>, shares: ReadonlyArray<Share>, most: number) => {
    for (const rank of Object.values(RANK)) {
      const seen = lanes.filter((lane) => lane.rank === rank)
      const served = shares.filter((share) => share.rank === rank)
      const end = seen.at(-1)
      const last = served.at(-1) ?? end
      const isEnd = last?.customer_id === end?.customer_id && last?.agent_id === end?.agent_id
      if (last === undefined || (isEnd && seen.length < most)) cursors.delete(rank)
      else cursors.set(rank, { rank, customer_id: last.customer_id, agent_id: last.agent_id })
    }
  }

  return Effect.fnUntraced(function* (request: ClaimRequest) {
    // the lock in a statement before the one that reads pauses: that one then sees a pause that the lock waited for
    const [first] = yield* sql<{ lost: boolean; timed: boolean; limited: boolean }>`
      -- by the index of what is timed, said so that the planner does not read a small queue whole for it
      select coalesce((select claimable_at <= now() from run_queue where claimable_at is not null and not ready
          order by claimable_at limit 1), false) as timed,
        exists (select from (select holder, attempt from run_queue where claimable_at <= now() and not ready
          order by claimable_at) due where holder is not null and attempt >= 2) as lost,
        exists (select from run_limits) as limited,
        pg_advisory_xact_lock_shared(${PAUSE_LOCK})`
    if (first!.limited) yield* sql`select pg_advisory_xact_lock(${LIMIT_LOCK})`
    if (first!.lost) {
      const exhausted = yield* findExhausted(request.maxAttempts)
      if (exhausted.length > 0) yield* settle(exhausted.map(asDead))
    }
    if (first!.timed) yield* promote
    const paused = (yield* sql<{ state_id: string }>`select state_id from scheduler_state where status = 'paused'`)
      .map((row) => row.state_id)
    const taken: Array<typeof Claimed.Type> = []
    if (first!.lost && request.suspects === "take") taken.push(...yield* takeAlone([request, paused]))
    else if (first!.lost && request.suspects === "wait" && (yield* suspects(request, paused)).length > 0) {
      return { runs: [], alone: false, open: true }
    }
    const alone = taken.length > 0
    let open = alone
    if (!alone) {
      const most = Math.max(request.limit * 2, WALKED)
      const bounds = {
        paused: new Set(paused),
        limits: first!.limited ? yield* readLimits() : [],
        running: first!.limited ? yield* readRunning() : [],
      }
      let retries: number | undefined
      let shares: ReadonlyArray<Share> = []
      // on past lanes that are at their limit, until one may run or all were seen
      for (let walks = 0, isWhole = false; walks < WALKS && shares.length === 0 && !isWhole; walks++) {
        const fromStart = cursors.size === 0
        const lanes = yield* walk([most, paused])
        if (retries === undefined && lanes.some((lane) => lane.rank === RANK.retry)) {
          retries = yield* refill(request.retriesPerSecond)
        }
        shares = allocate(lanes, request.limit, { ...bounds, retries: retries ?? 0 })
        moveOn(lanes, shares, most)
        isWhole = fromStart && cursors.size === 0
      }
      open = shares.length > 0 || cursors.size > 0 || retries === 0
      if (shares.length > 0) taken.push(...yield* takeShares([request, paused, shares]))
      const again = taken.filter(({ attempt, lost }) => attempt > 1 && !lost).length
      if (again > 0) yield* sql`update retry_budget set tokens = greatest(tokens - ${again}, 0)`
    }
    const counted = new Increments()
    counted.add("takeovers", "", taken.filter(({ lost }) => lost).length)
    for (const { lateness } of taken) if (lateness !== null) counted.observe("lateness", lateness)
    yield* count(counted)
    return { alone, runs: taken.map(({ lateness: _, lost: __, ...run }) => run), open }
  })
})
