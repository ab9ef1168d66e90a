/** After retention: a slot whose run was removed can run again, and an expired dead letter is closed. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Ids } from "@stint/edge/Ids"
import { Effect, Layer, Redacted } from "effect"
import { RetentionRepo } from "../src/Retention/Repo.ts"
import { eventually, refused, startScheduler } from "./Harness.ts"
import { asOwner } from "./Owner.ts"

describe("a slot whose run was removed", () => {
  it("runs again under its key when an operator triggers it, and keeps its execution", async () => {
    const t = await startScheduler()
    const goal = t.goal(t.hire().hired_instance_id)
    const trigger = async () => {
      const body = { scheduled_time: "2026-03-01T09:00:00.000Z" }
      const { json } = await eventually(
        () => t.call("POST", `/trigger/${goal.goal_instance_id}`, { body }),
        ({ status }) => status === 202,
        "it is triggered",
      )
      const path = `/runs/${json.scheduled_run_id}`
      return await eventually(() => t.call("GET", path), (run) => run.json.status === "completed", "it is completed")
    }
    const first = await trigger()
    await asOwner(t.database.ownerUrl, (sql) => sql`delete from scheduled_goal_runs`)
    assert.strictEqual((await t.call("GET", `/runs/${first.json.scheduled_run_id}`)).status, 404)
    const second = await trigger()
    assert.strictEqual(second.json.idempotency_key, first.json.idempotency_key)
    assert.notStrictEqual(second.json.scheduled_run_id, first.json.scheduled_run_id)
    const executions = await asOwner(
      t.database.ownerUrl,
      (sql) => sql`select run_id, scheduled_run_id, status from goal_runs`,
    )
    assert.deepStrictEqual(executions, [
      { run_id: second.json.run_id, scheduled_run_id: second.json.scheduled_run_id, status: "completed" },
    ])
    await t.stop()
  })
})

describe("a dead letter that expired", () => {
  it("can't be retried; a later failure of its goal is in a new entry", async () => {
    const t = await startScheduler()
    const goal = t.goal(t.hire().hired_instance_id)
    t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 400, "invalid_request"))))
    const deadLetters = async (count: number) =>
      (await eventually(
        () => t.call("GET", `/dlq?goal_instance_id=${goal.goal_instance_id}`),
        ({ json }) => json.items.length === count,
        `${count} dead letters`,
      )).json.items
    t.request(goal)
    const [first] = await deadLetters(1)
    const client = PgClient.layer({ url: Redacted.make(t.database.url), maxConnections: 1 })
    const gone = await Effect.runPromise(
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        yield* sql`update scheduler_dlq set expires_at = now()`
        return yield* (yield* RetentionRepo).expiry.remove(10)
      }).pipe(Effect.provide(RetentionRepo.layer.pipe(Layer.provide(Ids.layer), Layer.provideMerge(client)))),
    )
    assert.strictEqual(gone, 1)
    const refusal = await t.call("POST", `/dlq/${first.dlq_id}/retry`)
    assert.deepStrictEqual([refusal.status, refusal.json.code, refusal.json.state], [
      409,
      "dead_letter_closed",
      "expired",
    ])
    const [line] = (await t.call("GET", "/actions/system")).json.items
    assert.deepInclude(line, { action: "dlq_expired", operator: "system", goal_instance_id: goal.goal_instance_id })
    assert.deepStrictEqual(line.action_metadata.dlq_ids, [first.dlq_id])
    t.request(goal)
    const both = await deadLetters(2)
    assert.deepStrictEqual(
      both.map((l: { state: string; failure_count: number }) => [l.state, l.failure_count]),
      [["open", 1], ["expired", 1]],
    )
    const runs = (await t.call("GET", `/runs?goal_instance_id=${goal.goal_instance_id}`)).json.items
    assert.deepStrictEqual(runs.map((run: { status: string }) => run.status), ["dead_lettered", "dead_lettered"])
    await t.stop()
  })
})
