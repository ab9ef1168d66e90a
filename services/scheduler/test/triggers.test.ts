/** Triggers over HTTP: a run that an operator asks for is made once, in its slot, and logged. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { eventually, startScheduler, type TestScheduler, unique } from "./Harness.ts"

describe("triggers", () => {
  let t: TestScheduler
  beforeAll(async () => void (t = await startScheduler()))
  afterAll(() => t.stop())
  const completed = (goal: string) =>
    eventually(
      async () => (await t.call("GET", `/runs?goal_instance_id=${goal}`)).json.items,
      (runs) => runs.length === 1 && runs[0].status === "completed",
      "its run is completed",
    )
  const lineOf = async (goal: string) =>
    (await t.call("GET", "/actions")).json.items.find((line: { goal_instance_id: string }) =>
      line.goal_instance_id === goal
    )

  it("a trigger runs its slot; a slot that has a run is refused with its id; a future one waits", async () => {
    const { goal_instance_id } = t.goal(t.hire().hired_instance_id)
    const path = `/trigger/${goal_instance_id}`
    const slot = "2026-03-01T09:00:00.000Z"
    const past = await t.call("POST", path, { body: { scheduled_time: slot, reason: "the customer asked" } })
    assert.strictEqual(past.status, 202)
    assert.deepInclude(past.json, { status: "triggered", scheduled_time: slot, goal_instance_id })
    assert.deepInclude(await lineOf(goal_instance_id), {
      action: "trigger",
      operator: "olga",
      reason: "the customer asked",
    })
    await completed(goal_instance_id)
    const twice = await t.call("POST", path, { body: { scheduled_time: slot } })
    assert.strictEqual(twice.status, 409)
    assert.deepInclude(twice.json, { code: "slot_taken", scheduled_run_id: past.json.scheduled_run_id })
    const later = new Date(Date.now() + 3_600_000).toISOString()
    const future = await t.call("POST", path, { body: { scheduled_time: later } })
    const waiting = (await t.call("GET", `/runs/${future.json.scheduled_run_id}`)).json
    assert.deepInclude(waiting, { status: "pending", next_attempt_at: later })
    assert.strictEqual((await t.call("POST", "/trigger/GOI-nope")).status, 404)
  })

  it("while paused a trigger is refused unless it is forced, which is logged", async () => {
    const hire = t.hire({ customer_id: "quinn" as never })
    const { goal_instance_id } = t.goal(hire.hired_instance_id)
    const path = `/trigger/${goal_instance_id}`
    const scope = { customer_id: "quinn" }
    await t.arrived(hire)
    assert.strictEqual((await t.call("POST", "/pause", { body: { scope, reason: "quiet" } })).status, 200)
    const refused = await t.call("POST", path)
    assert.strictEqual(refused.status, 409)
    assert.deepInclude(refused.json, { code: "scheduler_paused", paused_reason: "quiet" })
    assert.strictEqual((await t.call("POST", path, { body: { force: true } })).status, 202)
    assert.strictEqual((await lineOf(goal_instance_id)).action_metadata.force, true)
    await completed(goal_instance_id)
    await t.call("POST", "/resume", { body: { scope } })
  })

  it("a disabled goal and a hire that is not runnable are not triggered", async () => {
    const off = t.goal(t.hire().hired_instance_id, { enabled: false })
    const lame = t.goal(t.hire({ runnable: false, reason: "not finalized" }).hired_instance_id)
    const refused = async (goal: { readonly goal_instance_id: string }) =>
      (await eventually(
        () => t.call("POST", `/trigger/${goal.goal_instance_id}`),
        ({ status }) => status === 409,
        "it is refused",
      )).json
    assert.strictEqual((await refused(off)).code, "goal_disabled")
    assert.deepInclude(await refused(lame), { code: "hire_not_runnable", detail: "not finalized" })
  })

  it("an instant that does not exist, or is no instant, triggers nothing", async () => {
    const { goal_instance_id } = t.goal(t.hire().hired_instance_id)
    for (
      const scheduled_time of [
        "0000-01-01T00:00:00.000Z",
        "+275760-09-13T00:00:00.000Z",
        "-000001-01-01T00:00:00Z",
        "2026-02-30T09:00:00.000Z",
        "2026-11-01",
        "2026-11-01T09:00:00",
        "2026-11-01T24:00:00Z",
      ]
    ) {
      const answer = await t.call("POST", `/trigger/${goal_instance_id}`, { body: { scheduled_time } })
      assert.strictEqual(answer.status, 400, scheduled_time)
      assert.strictEqual(answer.json.errors[0].path, "$.scheduled_time")
    }
    assert.deepStrictEqual((await t.call("GET", `/runs?goal_instance_id=${goal_instance_id}`)).json.items, [])
  })

  it("a trigger that is repeated under its Idempotency-Key is the same trigger", async () => {
    const { goal_instance_id } = t.goal(t.hire().hired_instance_id)
    const headers = { "idempotency-key": unique("t") }
    const trigger = () => t.call("POST", `/trigger/${goal_instance_id}`, { headers })
    await eventually(trigger, ({ status }) => status === 202, "it is triggered")
    assert.strictEqual((await trigger()).headers.get("idempotency-replayed"), "true")
    await completed(goal_instance_id)
  })

  it("only operators trigger", async () => {
    for (const as of ["viewer:vera", "customer:acme"] as const) {
      assert.strictEqual((await t.call("POST", "/trigger/x", { as })).status, 403, as)
    }
  })
})
