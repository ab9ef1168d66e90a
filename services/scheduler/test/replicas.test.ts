/** Two replicas without a leader, on one database: every run is made once, and a pause binds in both. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { eventually, made, startScheduler, type TestScheduler } from "./Harness.ts"

describe("two replicas", () => {
  let one: TestScheduler
  let two: TestScheduler
  beforeAll(async () => {
    one = await startScheduler()
    two = await startScheduler({ replicaOf: one })
  })
  afterAll(async () => {
    await two.stop()
    await one.stop()
  })

  it("every run is executed once, by one or the other", async () => {
    for (const t of [one, two]) t.answer((runs) => Effect.delay(Effect.succeed(runs.map(made)), 5))
    const hire = one.hire()
    const goals = Array.from({ length: 300 }, () => one.goal(hire.hired_instance_id))
    for (const goal of goals) one.request(goal)
    await eventually(
      async () =>
        (await one.call("GET", `/runs?hired_instance_id=${hire.hired_instance_id}&status=completed&limit=200`)).json,
      (page) => page.items.length === 200 && page.next_cursor !== null,
      "200 completed and more",
    )
    const status = () => one.call("GET", "/status")
    await eventually(status, (s) => s.json.pending_goals_count + s.json.running_goals_count === 0, "nothing left")
    const executed = [...one.attempts, ...two.attempts].filter((run) =>
      run.hired_instance_id === hire.hired_instance_id
    )
    assert.strictEqual(executed.length, 300)
    assert.strictEqual(new Set(executed.map((run) => run.scheduled_run_id)).size, 300)
    assert.strictEqual(new Set(executed.map((run) => run.fence)).size, 300)
  })

  it("a change that both read is applied once", async () => {
    const goal = one.goal(one.hire().hired_instance_id)
    one.request(goal)
    const runs = () => two.call("GET", `/runs?goal_instance_id=${goal.goal_instance_id}`)
    await eventually(runs, (a) => a.json.items[0]?.status === "completed", "completed")
    assert.strictEqual((await runs()).json.items.length, 1)
  })

  it("a pause by one binds the other at once", async () => {
    await one.call("POST", "/pause", { body: { reason: "both" } })
    const goal = one.goal(one.hire().hired_instance_id)
    one.request(goal)
    const runs = () => two.call("GET", `/runs?goal_instance_id=${goal.goal_instance_id}`)
    await eventually(runs, (a) => a.json.items.length === 1, "the run is there")
    // runs that are forced through the pause: once they are completed, claims were made that passed the other over
    for (const replica of [one, two]) {
      const forced = one.goal(one.hire().hired_instance_id)
      await eventually(
        () => replica.call("POST", `/trigger/${forced.goal_instance_id}`, { body: { force: true } }),
        (a) => a.status === 202,
        "the forced run is taken",
      )
      await eventually(
        () => replica.call("GET", `/runs?goal_instance_id=${forced.goal_instance_id}&status=completed`),
        (a) => a.json.items.length === 1,
        "the forced run is completed",
      )
    }
    assert.deepInclude((await runs()).json.items[0], { status: "pending", attempt: 0 })
    assert.strictEqual((await two.call("GET", "/status")).json.is_paused, true)
    await two.call("POST", "/resume", { body: {} })
    await eventually(
      () => one.call("GET", `/runs?goal_instance_id=${goal.goal_instance_id}&status=completed`),
      (a) => a.json.items.length === 1,
      "completed",
    )
  })
})
