/** The unit of a backfill on both storages: a repeat whose reply was lost finds what it made, and a race is told as it went. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import type { CustomerId, GoalInstanceId, HiredInstanceId, ScheduledRunId } from "@stint/domain/Ids"
import { Ids } from "@stint/edge/Ids"
import { DateTime, Deferred, Effect, Fiber, Layer } from "effect"
import { testDatabase } from "../../../tests/support/Database.ts"
import type { AuditLine } from "../src/Audit/Repo.ts"
import * as BackfillMemory from "../src/Backfill/MemoryRepo.ts"
import * as BackfillPg from "../src/Backfill/PgRepo.ts"
import { BackfillRepo, type BackfillRequest } from "../src/Backfill/Repo.ts"
import * as ControlsMemory from "../src/Controls/MemoryRepo.ts"
import * as ControlsPg from "../src/Controls/PgRepo.ts"
import { ControlsRepo } from "../src/Controls/Repo.ts"
import type { NewRun } from "../src/Model.ts"
import * as ProjectionMemory from "../src/Projection/MemoryRepo.ts"
import * as ProjectionPg from "../src/Projection/PgRepo.ts"
import { ProjectionRepo } from "../src/Projection/Repo.ts"
import { queueWrites } from "../src/Queue/Repo.ts"
import { Store } from "../src/Store.ts"
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
  const line: AuditLine = {
    log_id: unique("LOG"),
    action: "backfill",
    operator: "olga",
    goal_instance_id,
    reason: null,
    action_metadata: { matched: 3 },
  }
  return { request, line }
})
const backfill = (request: BackfillRequest, line: AuditLine) =>
  Effect.flatMap(BackfillRepo, (repo) => repo.backfill(request, line))

const postgres = Layer.mergeAll(BackfillPg.layerPg, ControlsPg.layerPg, ProjectionPg.layerPg)
const storages = {
  memory: Layer.mergeAll(BackfillMemory.layerMemory, ControlsMemory.layerMemory, ProjectionMemory.layerMemory).pipe(
    Layer.provide([Store.layer, Ids.layer]),
  ),
  postgres: postgres.pipe(Layer.provide([testDatabase("scheduler"), Ids.layer])),
}

for (const [name, storage] of Object.entries(storages)) {
  describe(`a backfill's unit on ${name}`, () => {
    it.live("sent again, makes nothing more and finds the runs that it made", () =>
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
        // its ids are the same then; were they not, nothing would change
        const ids = slots.map(() => unique("SCH") as ScheduledRunId)
        assert.deepStrictEqual(yield* backfill(request, line), first)
        assert.deepStrictEqual(yield* backfill({ ...request, ids }, line), first)
        // a slot that it did not have before is not made either: the rule was changed meanwhile
        const more = yield* backfill({ ...request, slots: [...slots, slots[2]! + HOUR], ids: [...ids, ids[0]!] }, line)
        assert.deepStrictEqual(more, first)

        const other = yield* backfill({ ...request, ids }, { ...line, log_id: unique("LOG") })
        assert(other._tag === "Done")
        assert.deepStrictEqual(other.slots.map(({ outcome }) => outcome), ["taken", "taken", "taken"])
        const { actions } = yield* ControlsRepo
        const lines = yield* actions({ limit: 10 })
        assert.deepStrictEqual(lines.map(({ action_metadata, log_id }) => [log_id, action_metadata]), [
          [line.log_id, { matched: 3, queued: 3 }],
        ])
      }).pipe(Effect.provide(storage)))

    it.live("of a goal that is gone meanwhile makes nothing", () =>
      Effect.gen(function* () {
        const { line, request } = yield* requested
        const gone = { ...request, goal_instance_id: unique("GOI") as GoalInstanceId }
        assert.deepStrictEqual(yield* backfill(gone, line), { _tag: "Gone" })
      }).pipe(Effect.provide(storage)))
  })
}

describe("a backfill's unit", () => {
  it.live("names the run of a slot over which a trigger was faster", () =>
    Effect.gen(function* () {
      const { line, request } = yield* requested
      const sql = yield* PgClient.PgClient
      const { insert } = yield* queueWrites
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
      // forked here, so that it is no part of the transaction below
      const running = yield* Effect.forkChild(Effect.andThen(Deferred.await(inserted), backfill(request, line)))
      yield* sql.withTransaction(Effect.gen(function* () {
        yield* insert([faster])
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
      const { actions } = yield* ControlsRepo
      assert.deepStrictEqual((yield* actions({ limit: 1 }))[0]!.action_metadata, { matched: 3, queued: 2 })
    }).pipe(Effect.provide(postgres.pipe(Layer.provideMerge(testDatabase("scheduler")), Layer.provide(Ids.layer)))))
})
