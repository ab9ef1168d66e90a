/** What operators do, on both storages: it binds, and the log tells of it. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { eventually, made, startScheduler, type TestScheduler } from "./Harness.ts"

interface Run {
  readonly goal_instance_id: string
  readonly status: string
}

const seconds = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

for (const mode of ["memory", "postgres"] as const) {
  describe(`controls on ${mode}`, () => {
    let t: TestScheduler
    beforeAll(async () => void (t = await startScheduler(mode)))
    afterAll(() => t.stop())
    const runsOf = async (goal: string) => (await t.call("GET", `/runs?goal_instance_id=${goal}`)).json.items
    const completed = (goal: string, count = 1) =>
      eventually(
        () => runsOf(goal),
        (runs) => runs.filter((r: { status: string }) => r.status === "completed").length === count,
        `${count} completed`,
      )
    const last = async () => (await t.call("GET", "/actions?limit=1")).json.items[0]

    it("a pause stops the next claim, a resume goes on; both are in the log with who and why", async () => {
      const goal = t.goal(t.hire().hired_instance_id)
      const paused = await t.call("POST", "/pause", { body: { reason: "deploy" } })
      assert.strictEqual(paused.status, 200)
      assert.deepInclude(paused.json, { status: "paused", reason: "deploy", running_goals_at_pause: 0 })
      assert.deepInclude(await last(), { action: "pause", operator: "olga", reason: "deploy" })
      const again = await t.call("POST", "/pause", { as: "operator:otto", body: { reason: "other" } })
      assert.deepInclude(again.json, { status: "already_paused", reason: "deploy", paused_at: paused.json.paused_at })
      t.request(goal)
      await eventually(() => runsOf(goal.goal_instance_id), (runs) => runs.length === 1, "the run waits")
      await seconds(300)
      assert.strictEqual((await runsOf(goal.goal_instance_id))[0].status, "pending")
      const status = await t.call("GET", "/status")
      assert.deepInclude(status.json, { status: "paused", is_paused: true, paused_by: "olga", pending_goals_count: 1 })
      const resumed = await t.call("POST", "/resume", { as: "operator:otto", body: {} })
      assert.strictEqual(resumed.json.status, "running")
      const line = await last()
      assert.deepInclude(line, { action: "resume", operator: "otto" })
      assert.deepInclude(line.action_metadata, { paused_by: "olga", paused_at: paused.json.paused_at })
      await completed(goal.goal_instance_id)
      assert.strictEqual((await t.call("POST", "/resume", { body: {} })).json.status, "already_running")
    })

    it("a hire or a customer is paused alone", async () => {
      const hire = t.hire({ customer_id: "paula" as never })
      const goal = t.goal(hire.hired_instance_id)
      const other = t.goal(t.hire().hired_instance_id)
      const scope = { customer_id: "paula" }
      await t.call("POST", "/pause", { body: { scope } })
      t.request(goal)
      t.request(other)
      await completed(other.goal_instance_id)
      assert.strictEqual((await runsOf(goal.goal_instance_id))[0].status, "pending")
      assert.deepStrictEqual((await t.call("GET", "/status")).json.scopes.map((s: { scope: unknown }) => s.scope), [
        scope,
      ])
      assert.strictEqual((await t.call("GET", "/status")).json.is_paused, false)
      await t.call("POST", "/resume", { body: { scope } })
      await completed(goal.goal_instance_id)
      const both = await t.call("POST", "/pause", { body: { scope: { customer_id: "a", hired_instance_id: "b" } } })
      assert.strictEqual(both.status, 400)
      assert.strictEqual((await t.call("POST", "/pause", { body: { timeout_seconds: 3601 } })).status, 400)
    })

    it("a pause can wait for what runs", async () => {
      let finish = () => {}
      const finished = new Promise<void>((resolve) => finish = resolve)
      t.answer((runs) => Effect.as(Effect.promise(() => finished), runs.map(made)))
      const goal = t.goal(t.hire().hired_instance_id)
      t.request(goal)
      await eventually(() => runsOf(goal.goal_instance_id), (runs) => runs[0]?.status === "running", "runs")
      setTimeout(finish, 300)
      const paused = await t.call("POST", "/pause", { body: { wait_for_completion: true, timeout_seconds: 10 } })
      assert.deepInclude(paused.json, { running_goals_at_pause: 1, running_goals_after_wait: 0 })
      await t.call("POST", "/resume", { body: {} })
      t.answer((runs) => Effect.succeed(runs.map(made)))
    })

    it("a trigger runs at once; a slot that has a run is refused with its id; a future one waits", async () => {
      const goal = t.goal(t.hire().hired_instance_id)
      const path = `/trigger/${goal.goal_instance_id}`
      const slot = "2026-03-01T09:00:00.000Z"
      const past = await t.call("POST", path, { body: { scheduled_time: slot, reason: "the customer asked" } })
      assert.strictEqual(past.status, 202)
      assert.deepInclude(past.json, {
        status: "triggered",
        scheduled_time: slot,
        goal_instance_id: goal.goal_instance_id,
      })
      assert.deepInclude(await last(), {
        action: "trigger",
        operator: "olga",
        reason: "the customer asked",
        goal_instance_id: goal.goal_instance_id,
      })
      await completed(goal.goal_instance_id)
      const twice = await t.call("POST", path, { body: { scheduled_time: slot } })
      assert.strictEqual(twice.status, 409)
      assert.deepInclude(twice.json, { code: "slot_taken", scheduled_run_id: past.json.scheduled_run_id })
      const later = new Date(Date.now() + 3_600_000).toISOString()
      const future = await t.call("POST", path, { body: { scheduled_time: later } })
      const waiting = (await t.call("GET", `/runs/${future.json.scheduled_run_id}`)).json
      assert.deepInclude(waiting, { status: "pending", next_attempt_at: later })
      assert.strictEqual((await t.call("POST", "/trigger/GOI-nope")).status, 404)
    })

    it("while paused a trigger is refused unless it is forced, and that is in the log", async () => {
      const goal = t.goal(t.hire().hired_instance_id)
      const path = `/trigger/${goal.goal_instance_id}`
      await t.call("POST", "/pause", { body: { reason: "quiet" } })
      const refused = await t.call("POST", path)
      assert.strictEqual(refused.status, 409)
      assert.deepInclude(refused.json, { code: "scheduler_paused", paused_reason: "quiet" })
      assert.strictEqual((await t.call("POST", path, { body: { force: true } })).status, 202)
      assert.strictEqual((await last()).action_metadata.force, true)
      await completed(goal.goal_instance_id)
      await t.call("POST", "/resume", { body: {} })
    })

    it("a hire that is none is not paused; an instant that is none triggers nothing", async () => {
      const scope = (id: string) => t.call("POST", "/pause", { body: { scope: { hired_instance_id: id } } })
      const typo = await scope("HAI-typo")
      assert.strictEqual(typo.status, 404)
      assert.strictEqual(typo.json.code, "hire_not_found")
      assert.strictEqual((await scope("x".repeat(3000))).status, 400)
      assert.deepStrictEqual((await t.call("GET", "/status")).json.scopes, [])
      const goal = t.goal(t.hire().hired_instance_id)
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
        const answer = await t.call("POST", `/trigger/${goal.goal_instance_id}`, { body: { scheduled_time } })
        assert.strictEqual(answer.status, 400, scheduled_time)
        assert.strictEqual(answer.json.errors[0].path, "$.scheduled_time")
      }
      assert.strictEqual((await t.call("GET", `/runs?goal_instance_id=${goal.goal_instance_id}`)).json.items.length, 0)
      for (const limit of ["0", "201", "abc", "0x10", "1e2", "%205"]) {
        assert.strictEqual((await t.call("GET", `/runs?limit=${limit}`)).status, 400, limit)
      }
    })

    it("a switched-off goal and a hire that may not run are not triggered", async () => {
      const hire = t.hire()
      const off = t.goal(hire.hired_instance_id, { enabled: false })
      const answer = await eventually(
        () => t.call("POST", `/trigger/${off.goal_instance_id}`),
        (a) => a.status === 409,
        "refused",
      )
      assert.strictEqual(answer.json.code, "goal_disabled")
      const goal = t.goal(t.hire({ runnable: false, reason: "not finalized" }).hired_instance_id)
      const not = await t.call("POST", `/trigger/${goal.goal_instance_id}`)
      assert.deepInclude(not.json, { code: "hire_not_runnable", detail: "not finalized" })
    })

    it("what falls due under two pauses runs after both have ended; an edit meanwhile does not let it slip", async () => {
      const hire = t.hire({ customer_id: "quentin" as never })
      const { hired_instance_id } = hire
      const scopes = [{ customer_id: "quentin" }, { hired_instance_id }]
      for (const scope of scopes) {
        await eventually(() => t.call("POST", "/pause", { body: { scope } }), (a) => a.status === 200, "paused")
      }
      const due = () => ({
        frequency: "cron" as const,
        schedule: { cron: "* * * * *" },
        changed_at: DateTime.makeUnsafe(Date.now() - 180_000),
      })
      const kept = t.goal(hired_instance_id, due())
      const edited = t.goal(hired_instance_id, due())
      const runs = async () => (await t.call("GET", `/runs?hired_instance_id=${hired_instance_id}`)).json.items
      const still = async (why: string) => {
        await new Promise((resolve) => setTimeout(resolve, 150))
        assert.deepStrictEqual(await runs(), [], why)
      }
      await still("both are paused")
      await t.call("POST", "/resume", { body: { scope: scopes[1] } })
      await still("the customer is")
      t.goal(hired_instance_id, {
        ...due(),
        goal_instance_id: edited.goal_instance_id,
        schedule: { cron: "*/1 * * * *" },
      })
      await still("the edited one too")
      await t.call("POST", "/resume", { body: { scope: scopes[0] } })
      for (const goal of [kept, edited]) {
        await eventually(
          async () => (await runs()).filter((run: Run) => run.goal_instance_id === goal.goal_instance_id),
          (of) => of.length >= 3 && of.every((run: Run) => run.status === "completed"),
          "all that was missed ran",
        )
      }
    })

    it("only operators act; viewers read; the log pages", async () => {
      for (const path of ["/pause", "/resume", "/trigger/x", "/dlq/redrive"]) {
        assert.strictEqual((await t.call("POST", path, { as: "viewer:vera" })).status, 403, path)
        assert.strictEqual((await t.call("POST", path, { as: "customer:acme" })).status, 403, path)
      }
      assert.strictEqual((await t.call("GET", "/status", { as: "viewer:vera" })).status, 200)
      assert.strictEqual((await t.call("GET", "/actions", { as: "customer:acme" })).status, 403)
      const page = await t.call("GET", "/actions?limit=2")
      const next = await t.call("GET", `/actions?limit=2&cursor=${page.json.next_cursor}`)
      assert.strictEqual(next.json.items.length, 2)
      const all = [...page.json.items, ...next.json.items].map((l: { log_id: string }) => l.log_id)
      assert.strictEqual(new Set(all).size, 4)
      assert.strictEqual((await t.call("GET", "/actions?cursor=bogus")).status, 400)
    })

    it("a keyed trigger that is sent again is the same trigger", async () => {
      const goal = t.goal(t.hire().hired_instance_id)
      await eventually(
        () => t.call("POST", `/trigger/${goal.goal_instance_id}`, { headers: { "idempotency-key": "t-1" } }),
        (a) => a.status === 202,
        "triggered",
      )
      const again = await t.call("POST", `/trigger/${goal.goal_instance_id}`, { headers: { "idempotency-key": "t-1" } })
      assert.strictEqual(again.headers.get("idempotency-replayed"), "true")
      await completed(goal.goal_instance_id)
    })
  })
}
