/** The facts of answers on Postgres. */
import { PgClient } from "@effect/sql-pg"
import { DeadLetterState } from "@stint/domain/scheduler/DeadLetters"
import { GoalRunStatus, MissedCode } from "@stint/domain/scheduler/Runs"
import { Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { ActionRow, ControlsRepo } from "../Controls/Repo.ts"
import { Millis } from "../Model.ts"
import { HistoryRow } from "../Projection/History.ts"
import { RunsRepo } from "../Runs/Repo.ts"
import type { RunFacts } from "./Facts.ts"
import type { Pause } from "./Pauses.ts"
import { AnswersRepo, HISTORY_ROWS, LINE_NEAR, MOST, NEAR, type SlotRun } from "./Repo.ts"

/** The layer of `AnswersRepo` on Postgres. */
export const layerPg = Layer.effect(
  AnswersRepo,
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const runs = yield* RunsRepo
    const controls = yield* ControlsRepo

    const historyRows = SqlSchema.findAll({
      Request: Schema.Any,
      Result: HistoryRow,
      execute: ([id, at]: [string, number]) =>
        sql`(select * from goal_history where goal_instance_id = ${id} and valid_from <= ${new Date(at)}
              order by valid_from desc limit ${HISTORY_ROWS})
            union all
            (select * from goal_history where goal_instance_id = ${id} and valid_from > ${new Date(at)}
              order by valid_from limit ${HISTORY_ROWS})
            order by valid_from`,
    })
    const firstHistory = SqlSchema.findOne({
      Request: Schema.String,
      Result: Schema.Struct({ since: Schema.NullOr(Millis) }),
      execute: (id) => sql`select min(valid_from) as since from goal_history where goal_instance_id = ${id}`,
    })
    const runsIn = SqlSchema.findAll({
      Request: Schema.Any,
      Result: Schema.Struct({ scheduled_run_id: Schema.String, slot: Millis, of_schedule: Schema.Boolean }),
      execute: ([id, from, to]: [string, number, number]) =>
        sql`select scheduled_run_id, scheduled_time as slot, origin = 'schedule' as of_schedule from scheduled_goal_runs
            where goal_instance_id = ${id} and scheduled_time >= ${new Date(from)} and scheduled_time < ${new Date(to)}
            order by scheduled_time limit ${MOST}`,
    })
    const more = SqlSchema.findOneOption({
      Request: Schema.String,
      Result: Schema.Struct({
        claimable_at: Schema.NullOr(Millis),
        forced: Schema.Boolean,
        closed_at: Schema.NullOr(Millis),
        made_at: Schema.NullOr(Millis),
        asked_by: Schema.NullOr(Schema.String),
        skipped_for: Schema.NullOr(Schema.String),
      }),
      execute: (id) =>
        sql`select q.claimable_at, coalesce(q.forced, false) as forced, r.closed_at, r.created_at as made_at, coalesce(
              r.run_metadata->>'requested_by', r.run_metadata->>'triggered_by', r.run_metadata->>'backfilled_by') as asked_by,
              r.run_metadata->>'skipped_for' as skipped_for
            from scheduled_goal_runs r left join run_queue q using (scheduled_run_id) where r.scheduled_run_id = ${id}`,
    })
    const execution = SqlSchema.findOneOption({
      Request: Schema.String,
      Result: Schema.Struct({
        status: GoalRunStatus,
        started_at: Millis,
        completed_at: Schema.NullOr(Millis),
        deliverable_id: Schema.NullOr(Schema.String),
        error: Schema.NullOr(Schema.Struct({ type: Schema.String, message: Schema.String })),
      }),
      execute: (key) =>
        sql`select status, started_at, completed_at, deliverable_id, error_details as error from goal_runs
            where idempotency_key = ${key}`,
    })
    const missed = SqlSchema.findOneOption({
      Request: Schema.Any,
      Result: Schema.Struct({
        from: Millis,
        to: Millis,
        reason: Schema.String,
        reason_code: MissedCode,
        recorded_at: Millis,
      }),
      execute: ([id, slot]: [string, number]) =>
        sql`select * from (select from_slot as from, to_slot as to, reason, reason_code, recorded_at from missed_slots
              where goal_instance_id = ${id} and from_slot <= ${new Date(slot)} order by from_slot desc limit 1) m
            where m.to >= ${new Date(slot)}`,
    })
    const letter = SqlSchema.findOneOption({
      Request: Schema.String,
      Result: Schema.Struct({
        dlq_id: Schema.String,
        error: Schema.NullOr(Schema.String),
        state: DeadLetterState,
        expires_at: Millis,
        closed_at: Schema.NullOr(Millis),
      }),
      execute: (run) =>
        sql`select d.dlq_id, d.error_message as error, d.state, d.expires_at, d.closed_at
            from scheduled_goal_runs r join scheduler_dlq d on d.dlq_id = r.dlq_id where r.scheduled_run_id = ${run}`,
    })
    const discard = SqlSchema.findOneOption({
      Request: Schema.Any,
      Result: Schema.Struct({ by: Schema.String, reason: Schema.NullOr(Schema.String) }),
      execute: ([id, dlq_id, closed_at]: [string, string, number]) =>
        sql`select operator as by, reason from scheduler_action_log
            where timestamp between ${new Date(closed_at - LINE_NEAR)} and ${new Date(closed_at + LINE_NEAR)}
              and goal_instance_id = ${id} and action = 'dlq_discard' and action_metadata -> 'dlq_ids' @> to_jsonb(${dlq_id}::text)
            order by timestamp limit 1`,
    })
    // each scope: what held at the beginning, what changed up to the end, and what ended the last of it
    const pauseLines = SqlSchema.findAll({
      Request: Schema.Any,
      Result: ActionRow,
      execute: ([scopes, from, to]: [ReadonlyArray<Pause["scope"]>, number, number]) => {
        const ofScope = sql`select * from scheduler_action_log l
          where l.action in ('pause', 'resume') and coalesce(l.action_metadata -> 'scope', '{}') = s.scope`
        return sql`select l.* from json_array_elements(${JSON.stringify(scopes)}::json) j
            cross join lateral (select j.value::jsonb as scope) s
            cross join lateral (
              (${ofScope} and l.timestamp <= ${new Date(from)} order by l.timestamp desc limit 1)
              union all
              (${ofScope} and l.timestamp > ${new Date(from)} and l.timestamp <= ${new Date(
          to,
        )} order by l.timestamp limit ${MOST})
              union all
              (${ofScope} and l.timestamp > ${new Date(to)} order by l.timestamp limit 1)) l`
      },
    })
    const Other = Schema.Struct({ scheduled_run_id: Schema.String, slot: Millis })
    const ahead = SqlSchema.findOneOption({
      Request: Schema.Any,
      Result: Schema.Struct({ ...Other.fields, count: Schema.Int }),
      execute: ([id, { scheduled_run_id, slot }]: [string, SlotRun]) =>
        sql`select scheduled_run_id, scheduled_time as slot, count(*) over ()::int as count from run_queue
            where goal_instance_id = ${id} and serial and scheduled_run_id <> ${scheduled_run_id}
              and (state <> 'waiting' or scheduled_time < ${new Date(slot)})
            order by state = 'waiting', scheduled_time limit 1`,
    })
    const limitsReached = SqlSchema.findAll({
      Request: Schema.String,
      Result: Schema.Struct({
        kind: Schema.Literals(["customer", "agent_type"]),
        subject: Schema.String,
        max_running: Schema.Int,
      }),
      execute: (id) =>
        sql`select l.kind, l.subject, l.max_running from run_queue q join limits_in_use l
            on (l.kind = 'customer' and l.subject = q.customer_id) or (l.kind = 'agent_type' and l.subject = q.agent_id)
            where q.scheduled_run_id = ${id} and l.room <= 0 order by l.kind desc`,
    })
    const openAt = SqlSchema.findOneOption({
      Request: Schema.Any,
      Result: Other,
      execute: ([id, slot, closed, which]: [string, number, number, "before" | "after"]) =>
        sql`select scheduled_run_id, slot from (
              select scheduled_run_id, scheduled_time as slot, closed_at from scheduled_goal_runs
              where goal_instance_id = ${id} and ${
          which === "before"
            ? sql`scheduled_time < ${new Date(slot)} order by scheduled_time desc`
            : sql`scheduled_time > ${new Date(slot)} order by scheduled_time`
        } limit ${NEAR}) r
            -- what was decided together was closed in the same millisecond, of which the database knows the parts
            where closed_at is null or closed_at >= ${new Date(closed + 1)} limit 1`,
    })
    const orNull = <A, E, R>(effect: Effect.Effect<Option.Option<A>, E, R>) =>
      Effect.orDie(Effect.map(effect, Option.getOrNull))

    return AnswersRepo.of({
      atOnce: (effect) =>
        Effect.flatten(Effect.orDie(sql.withTransaction(
          // its own failures are told, not rolled back into SQL's: there is nothing to undo
          Effect.andThen(sql`set transaction isolation level repeatable read, read only`, Effect.exit(effect)),
        ))),
      goal: controls.target,
      history: (id, at) =>
        Effect.orDie(Effect.gen(function* () {
          return { rows: yield* historyRows([id, at]), since: (yield* firstHistory(id)).since }
        })),
      runsIn: (id, from, to) =>
        Effect.orDie(Effect.map(
          runsIn([id, from, to]),
          (rows) => rows.map(({ of_schedule, ...row }): SlotRun => ({ ...row, ofSchedule: of_schedule })),
        )),
      run: (id) =>
        Effect.orDie(Effect.gen(function* () {
          const found = Option.all([yield* runs.find(id), yield* more(id)])
          return Option.match(found, {
            onNone: () => null,
            onSome: ([run, rest]): RunFacts => ({ run, ...rest }),
          })
        })),
      execution: (key) => orNull(execution(key)),
      missed: (id, slot) => orNull(missed([id, slot])),
      letter: (run) => orNull(letter(run)),
      discard: (id, dlq_id, closed_at) => orNull(discard([id, dlq_id, closed_at])),
      pauseLines: (scopes, from, to) => Effect.orDie(pauseLines([scopes, from, to])),
      ahead: (id, waiting) => orNull(ahead([id, waiting])),
      limitsReached: (id) => Effect.orDie(limitsReached(id)),
      openAt: (id, slot, closed, which) => orNull(openAt([id, slot, closed, which])),
    })
  }),
)
