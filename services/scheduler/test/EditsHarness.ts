/** Goals that are edited, as hiring tells them, and what is recorded of their slots. */
import { PgClient } from "@effect/sql-pg"
import type { GoalChange, HireChange } from "@stint/domain/hiring/Feed"
import type { GoalInstanceId } from "@stint/domain/Ids"
import { DateTime, Effect, Layer } from "effect"
import { Answers } from "../src/Answers.ts"
import { database, runsOf } from "./EngineHarness.ts"
import { unique } from "./Harness.ts"

export const MINUTE = 60_000
/** A cron of every minute names these. */
export const minutes = (from: number, to: number) =>
  Array.from(
    { length: Math.floor(to / MINUTE) - Math.floor(from / MINUTE) },
    (_, n) => (Math.floor(from / MINUTE) + n + 1) * MINUTE,
  )
export const when = (millis: number) => DateTime.makeUnsafe(millis)
export const every = { frequency: "cron" as const, schedule: { cron: "* * * * *" } }
export const even = { frequency: "cron" as const, schedule: { cron: "*/2 * * * *" } }
export const onDemand = { frequency: "on_demand" as const, schedule: {} }

/** What hiring tells of a goal and its hire from now on; each change is a page of the feed of its own. */
export const told = () => {
  let version = 0
  const hire: HireChange = {
    type: "hire",
    hired_instance_id: unique("HAI") as never,
    customer_id: unique("CUS") as never,
    agent_id: "a" as never,
    subscription_id: "s" as never,
    version: 1,
    changed_at: when(0),
    timezone: "UTC",
    runnable: true,
    reason: null,
  }
  const goal: GoalChange = {
    type: "goal",
    goal_instance_id: unique("GOI") as never,
    hired_instance_id: hire.hired_instance_id,
    version: 1,
    changed_at: when(0),
    deleted: false,
    enabled: true,
    default_at: null,
    ...every,
  }
  const edit = (at: number, more: Partial<GoalChange> = {}): GoalChange => ({
    ...goal,
    ...more,
    version: ++version,
    changed_at: when(at),
  })
  const rehire = (at: number, more: Partial<HireChange>): HireChange => ({
    ...hire,
    ...more,
    version: ++version,
    changed_at: when(at),
  })
  return { id: goal.goal_instance_id, hire: hire.hired_instance_id, edit, rehire }
}

/** The slots of a goal that have a run, oldest first, as `slot status`; epoch ms. */
export const slots = (
  id: string,
  wanted: (run: { status: string; reason_code: string | null }) => boolean = () => true,
) =>
  Effect.map(
    runsOf(id),
    (runs) => runs.filter(wanted).map((run) => DateTime.toEpochMillis(run.scheduled_time)).sort((a, b) => a - b),
  )
export const droppedOf = (id: string) =>
  Effect.flatMap(PgClient.PgClient, (sql) =>
    Effect.map(
      sql<{ code: string; from: Date; to: Date }>`select reason_code as code, from_slot as from, to_slot as to
        from dropped_slots where goal_instance_id = ${id} order by from_slot`,
      (rows) => rows.map((row) => [row.code, row.from.getTime(), row.to.getTime()] as const),
    ))
export const goalRow = (id: string) =>
  Effect.flatMap(PgClient.PgClient, (sql) =>
    Effect.map(
      sql<{ next: Date | null; due: Date | null }>`select next_slot as next, due_at as due from projected_goals
        where goal_instance_id = ${id}`,
      ([row]) => row,
    ))
export const pause = (hire: string, status: "paused" | "running") =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    yield* sql`insert into scheduler_state (state_id, status, paused_at, paused_by, updated_at)
      values (${`hire:${hire}`}, ${status}, now(), 'olga', now())
      on conflict (state_id) do update set status = excluded.status`
    yield* sql`update projected_goals set parked = false where hired_instance_id = ${hire}`
  })
export const explain = (id: GoalInstanceId, at: number) =>
  Effect.flatMap(Answers, (answers) => answers.explain({ role: "operator", subject: "olga" as never }, id, when(at)))

export const stored = Answers.layer.pipe(Layer.provideMerge(database))
