/** Two replicas without a leader, on one database: every run is made once, and a pause binds in both. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { eventually, made, startScheduler, type TestScheduler } from "./Harness.ts"
import { asOwner } from "./Owner.ts"

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

  it("are listed with what they hold; one that is not heard of is away, one that stops is gone", async () => {
    const list = async (): Promise<ReadonlyArray<Record<string, unknown>>> =>
      (await one.call("GET", "/replicas", { as: "viewer:vera" })).json.items
    const three = await startScheduler({ replicaOf: one, env: { STINT_MAX_RUNNING: "7" } })
    const all = await eventually(list, (items) => items.length === 3, "all three say that they are here")
    assert.deepStrictEqual(all.map(({ max_running, running, state }) => [state, max_running, running]), [
      ["here", 7, 0],
      ["here", 800, 0],
      ["here", 800, 0],
    ])
    assert.strictEqual(new Set(all.map(({ replica }) => replica)).size, 3)
    await three.stop()
    const left = await list()
    assert.deepStrictEqual(left.map(({ replica }) => replica), all.slice(1).map(({ replica }) => replica))

    const quiet = String(left[1]!.replica)
    await asOwner(
      one.database.ownerUrl,
      (sql) =>
        sql`insert into scheduler_replicas (replica, version, max_running, started_at, seen_at)
          values ('scheduler-lost', '0.3.0', 5, now() - interval '1 hour', now() - interval '50 seconds')`,
    )
    await asOwner(
      one.database.ownerUrl,
      (sql) =>
        sql`insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id, scheduled_time,
            serial, claimable_at, due_at, state, attempt, fence, holder, claimed_at)
          select 'SCH-held-' || n, 'GOI-held', 'HAI-held', 'acme', 'gardening.v1', now(), false, now() + interval '1 hour', now(),
            'held', 1, nextval('run_fence'), holder, now() - n * interval '1 second'
          from (values (1, ${quiet}), (2, ${quiet}), (3, 'scheduler-of-before')) as x (n, holder)`,
    )
    const found = Object.fromEntries(
      (await list()).map(({ replica, running, state }) => [String(replica), [state, running]]),
    )
    assert.deepStrictEqual(found, {
      [String(left[0]!.replica)]: ["here", 0],
      [quiet]: ["here", 2],
      "scheduler-lost": ["away", 0],
      "scheduler-of-before": ["unknown", 1],
    })
    await asOwner(one.database.ownerUrl, (sql) => sql`delete from run_queue where goal_instance_id = 'GOI-held'`)
    // whoever says that it is here forgets those that have been away for a day: all that run do, now and then, and who starts does
    await asOwner(
      one.database.ownerUrl,
      (sql) =>
        sql`insert into scheduler_replicas (replica, version, max_running, started_at, seen_at)
          values ('scheduler-forgotten', '0.3.0', 5, now() - interval '3 days', now() - interval '2 days')`,
    )
    await (await startScheduler({ replicaOf: one })).stop()
    assert.notInclude((await list()).map(({ replica }) => replica), "scheduler-forgotten")
    assert.strictEqual((await one.call("GET", "/replicas", { as: "customer:acme" })).status, 403)
  })
})
