/** The transaction of a backfill: a repetition finds what it made, and a concurrent trigger keeps its slot. */
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import type { CustomerId, GoalInstanceId, HiredInstanceId, ScheduledRunId } from "@stint/domain/Ids"
import { Ids } from "@stint/edge/Ids"
import { readable } from "@stint/edge/Paging"
import { DateTime, Deferred, Effect, Fiber, Layer } from "effect"
import { testDatabase } from "../../../tests/support/Database.ts"
import { ActionLogRepo } from "../src/ActionLog/Repo.ts"
import type { NewActionRow } from "../src/ActionLog/Row.ts"
import { Repos } from "../src/App.ts"
import type { BackfillRequest } from "../src/Backfill/Policy.ts"
import { BackfillRepo } from "../src/Backfill/Repo.ts"
import type { NewRun } from "../src/Model.ts"
import { ProjectionRepo } from "../src/Projection/Repo.ts"
import { Queue } from "../src/Queue.ts"
import { unique } from "./Harness.ts"

const HOUR = 3_600_000
const slots = [1, 2, 3].map((hour) => Date.parse("2026-03-01T00:00:00Z") + hour * HOUR)

/** A goal that is projected, and a request to backfill it. */
const requested = Effect.gen(function* () {
  const projection = yield* ProjectionRepo
  const goal_instance_id = unique("GOI") as GoalInstanceId
  const hired_instance_id = unique("HAI") as HiredInstanceId
  const changed_at = DateTime.makeUnsafe(Date.now())
  const after = yield* projection.cursor()
  yield* projection.apply([
    {
      type: "hire",
      hired_instance_id,
      customer_id: "acme" as CustomerId,
      agent_id: "a" as never,
      subscription_id: "s" as never,
      version: 1,
      changed_at,
      timezone: "UTC",
      runnable: true,
      reason: null,
    },
    {
      type: "goal",
      goal_instance_id,
      hired_instance_id,
      version: 1,
      changed_at,
      deleted: false,
      enabled: true,
      frequency: "on_demand",
      schedule: {},
      default_at: null,
    },
  ], { after, to: String(Number(after ?? 0) + 1) })
  const request: BackfillRequest = {
    goal_instance_id,
    hired_instance_id,
    customer_id: "acme" as CustomerId,
    slots,
    ids: slots.map(() => unique("SCH") as ScheduledRunId),
    forced: false,
    per_minute: 1,
  }
  const line: NewActionRow = {
    log_id: unique("LOG"),
    action: "backfill",
    operator: "olga",
    goal_instance_id,
    reason: null,
    action_metadata: { matched: 3 },
  }
  return { request, line }
})
const backfill = (request: BackfillRequest, line: NewActionRow) =>
  Effect.flatMap(BackfillRepo, (repo) => repo.backfill(request, line))

/** The lines of a goal in the action log. */
const linesOf = (goal: string) =>
  Effect.map(
    Effect.flatMap(ActionLogRepo, (log) => log.list({ operator: undefined, after: undefined, limit: 100 })),
    (lines) => readable(lines).filter((line) => line.goal_instance_id === goal),
  )

const storage = Repos.pipe(Layer.provideMerge(testDatabase("scheduler")), Layer.provide(Ids.layer))

layer(storage, { excludeTestServices: true })("a backfill's transaction", (it) => {
  it.effect("repeated, makes nothing more and finds the runs that it made", () =>
    Effect.gen(function* () {
      const { line, request } = yield* requested
      const first = yield* backfill(request, line)
      assert(first._tag === "Done")
      assert.deepStrictEqual(
        first.slots,
        slots.map((slot, nth) => ({
          slot,
          scheduled_run_id: request.ids[nth]!,
          outcome: "queued",
          status: "pending",
        })),
      )
      // a repeated request draws the same ids; other ids would change nothing
      const ids = slots.map(() => unique("SCH") as ScheduledRunId)
      assert.deepStrictEqual(yield* backfill(request, line), first)
      assert.deepStrictEqual(yield* backfill({ ...request, ids }, line), first)
      // nor does a slot that the first request did not have: the rule was changed meanwhile
      const more = yield* backfill({ ...request, slots: [...slots, slots[2]! + HOUR], ids: [...ids, ids[0]!] }, line)
      assert.deepStrictEqual(more, first)

      const other = yield* backfill({ ...request, ids }, { ...line, log_id: unique("LOG") })
      assert(other._tag === "Done")
      assert.deepStrictEqual(other.slots.map(({ outcome }) => outcome), ["taken", "taken", "taken"])
      const lines = yield* linesOf(request.goal_instance_id)
      assert.deepStrictEqual(lines.map(({ action_metadata, log_id }) => [log_id, action_metadata]), [
        [line.log_id, { matched: 3, queued: 3 }],
      ])
    }))

  it.effect("of a goal that was deleted meanwhile makes nothing", () =>
    Effect.gen(function* () {
      const { line, request } = yield* requested
      const gone = { ...request, goal_instance_id: unique("GOI") as GoalInstanceId }
      assert.deepStrictEqual(yield* backfill(gone, line), { _tag: "Gone" })
    }))
  it.effect("names the run of a slot that a trigger made meanwhile", () =>
    Effect.gen(function* () {
      const { line, request } = yield* requested
      const sql = yield* PgClient.PgClient
      const queue = yield* Queue
      const faster: NewRun = {
        scheduled_run_id: unique("SCH") as ScheduledRunId,
        goal_instance_id: request.goal_instance_id,
        hired_instance_id: request.hired_instance_id,
        customer_id: request.customer_id,
        slot: slots[1]!,
        origin: "trigger",
        request_id: null,
        run_metadata: {},
        queue: { serial: false, caught_up: false, forced: false, claimable_at: slots[1]! },
      }
      const waits = sql`select from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))`
      const inserted = yield* Deferred.make<void>()
      // forked outside of the transaction below
      const running = yield* Effect.forkChild(Effect.andThen(Deferred.await(inserted), backfill(request, line)))
      yield* sql.withTransaction(Effect.gen(function* () {
        yield* queue.enqueue([faster])
        yield* Deferred.succeed(inserted, undefined)
        yield* Effect.repeat(Effect.andThen(Effect.sleep("10 millis"), waits), { until: (rows) => rows.length > 0 })
      }))
      const result = yield* Fiber.join(running)
      assert(result._tag === "Done")
      assert.deepStrictEqual(result.slots.map(({ outcome, scheduled_run_id }) => [outcome, scheduled_run_id]), [
        ["queued", request.ids[0]],
        ["taken", faster.scheduled_run_id],
        ["queued", request.ids[2]],
      ])
      const [written] = yield* linesOf(request.goal_instance_id)
      assert.deepStrictEqual(written!.action_metadata, { matched: 3, queued: 2 })
    }))
})
