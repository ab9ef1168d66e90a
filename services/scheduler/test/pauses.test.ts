/** Pauses over HTTP: no run of a paused scope starts, and a resume lets all of them start. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { eventually, made, startScheduler, type TestScheduler } from "./Harness.ts"
import { asOwner } from "./Owner.ts"

interface Run {
  readonly goal_instance_id: string
  readonly status: string
}

describe("pauses", () => {
  let t: TestScheduler
  beforeAll(async () => void (t = await startScheduler()))
  afterAll(() => t.stop())
  const runsOf = async (goal: string): Promise<ReadonlyArray<Run>> =>
    (await t.call("GET", `/runs?goal_instance_id=${goal}`)).json.items
  const whenStatus = (goal: string, status: string) =>
    eventually(() => runsOf(goal), (runs) => runs.length > 0 && runs.every((run) => run.status === status), status)
  const lineOf = async (action: string) =>
    (await t.call("GET", "/actions")).json.items.find((line: { action: string }) => line.action === action)
  /** A run that is claimed after all that waits now: forced, so also while paused. */
  const laterRun = async () => {
    const goal = t.goal(t.hire().hired_instance_id)
    await eventually(
      () => t.call("POST", `/trigger/${goal.goal_instance_id}`, { body: { force: true } }),
      ({ status }) => status === 202,
      "the goal has arrived and is triggered",
    )
    await whenStatus(goal.goal_instance_id, "completed")
  }

  it("a pause stops the next claim, a resume lets it start; both are logged with who and why", async () => {
    const goal = t.goal(t.hire().hired_instance_id)
    const paused = await t.call("POST", "/pause", { body: { reason: "deploy" } })
    assert.strictEqual(paused.status, 200)
    assert.deepInclude(paused.json, { status: "paused", reason: "deploy", running_goals_at_pause: 0 })
    assert.deepInclude(await lineOf("pause"), { operator: "olga", reason: "deploy" })
    const again = await t.call("POST", "/pause", { as: "operator:otto", body: { reason: "other" } })
    assert.deepInclude(again.json, { status: "already_paused", reason: "deploy", paused_at: paused.json.paused_at })
    t.request(goal)
    await whenStatus(goal.goal_instance_id, "pending")
    await laterRun()
    assert.strictEqual((await runsOf(goal.goal_instance_id))[0]!.status, "pending")
    const status = await t.call("GET", "/status")
    assert.deepInclude(status.json, { status: "paused", is_paused: true, paused_by: "olga" })
    assert.isAtLeast(status.json.pending_goals_count, 1)
    const resumed = await t.call("POST", "/resume", { as: "operator:otto", body: {} })
    assert.strictEqual(resumed.json.status, "running")
    const line = await lineOf("resume")
    assert.strictEqual(line.operator, "otto")
    assert.deepInclude(line.action_metadata, { paused_by: "olga", paused_at: paused.json.paused_at })
    await whenStatus(goal.goal_instance_id, "completed")
    assert.strictEqual((await t.call("POST", "/resume", { body: {} })).json.status, "already_running")
  })

  it("a hire or a customer is paused alone", async () => {
    const hire = t.hire({ customer_id: "paula" as never })
    const goal = t.goal(hire.hired_instance_id)
    const other = t.goal(t.hire().hired_instance_id)
    const scope = { customer_id: "paula" }
    await t.arrived(hire)
    assert.strictEqual((await t.call("POST", "/pause", { body: { scope, reason: "look first" } })).status, 200)
    t.request(goal)
    t.request(other)
    await whenStatus(other.goal_instance_id, "completed")
    await whenStatus(goal.goal_instance_id, "pending")
    const { json } = await t.call("GET", "/status")
    assert.deepInclude(json.scopes.map((one: { scope: unknown }) => one.scope), scope)
    assert.strictEqual(json.is_paused, false)
    await t.call("POST", "/resume", { body: { scope } })
    await whenStatus(goal.goal_instance_id, "completed")
  })

  it("a pause can wait for the runs that are running", async () => {
    let finish = () => {}
    const finished = new Promise<void>((resolve) => finish = resolve)
    t.answer((runs) => Effect.as(Effect.promise(() => finished), runs.map(made)))
    const hire = t.hire({ customer_id: "wilma" as never })
    const goal = t.goal(hire.hired_instance_id)
    t.request(goal)
    await whenStatus(goal.goal_instance_id, "running")
    const scope = { customer_id: "wilma" }
    const first = await t.call("POST", "/pause", { body: { scope, reason: "look first" } })
    assert.deepInclude(first.json, { status: "paused", running_goals_at_pause: 1, running_goals_after_wait: 1 })
    const waiting = t.call("POST", "/pause", {
      body: { scope, reason: "look first", wait_for_completion: true, timeout_seconds: 120 },
    })
    finish()
    assert.deepInclude((await waiting).json, { status: "already_paused", running_goals_after_wait: 0 })
    assert.strictEqual((await runsOf(goal.goal_instance_id))[0]!.status, "completed")
    await t.call("POST", "/resume", { body: { scope } })
    t.answer((runs) => Effect.succeed(runs.map(made)))
  })

  it("goals that fall due under two pauses run after both have ended, also one that was edited meanwhile", async () => {
    const { hired_instance_id } = t.hire({ customer_id: "quentin" as never })
    const scopes = [{ customer_id: "quentin" }, { hired_instance_id }]
    for (const scope of scopes) {
      await eventually(
        () => t.call("POST", "/pause", { body: { scope, reason: "look first" } }),
        (a) => a.status === 200,
        "it is paused",
      )
    }
    const due = () => ({
      frequency: "cron" as const,
      schedule: { cron: "* * * * *" },
      changed_at: DateTime.makeUnsafe(Date.now() - 180_000),
    })
    const goals = [t.goal(hired_instance_id, due()), t.goal(hired_instance_id, due())] as const
    const ids = goals.map((goal) => goal.goal_instance_id)
    /** The engine has looked at both goals while paused, and put them aside. */
    const areParked = (schedule?: string) =>
      eventually(
        () =>
          asOwner(t.database.ownerUrl, (sql) =>
            sql<{ parked: boolean; cron: string }>`
              select parked, schedule ->> 'cron' as cron from projected_goals
              where goal_instance_id = any(${ids}::varchar[]) order by version`),
        (rows) =>
          rows.length === 2 && rows.every((row) => row.parked) &&
          (schedule === undefined || rows[1]!.cron === schedule),
        "both goals are parked",
      )
    const runs = async () => (await t.call("GET", `/runs?hired_instance_id=${hired_instance_id}`)).json.items
    await areParked()
    assert.deepStrictEqual(await runs(), [])
    await t.call("POST", "/resume", { body: { scope: scopes[1] } })
    await areParked()
    assert.deepStrictEqual(await runs(), [])
    t.goal(hired_instance_id, { ...due(), goal_instance_id: ids[1]!, schedule: { cron: "*/1 * * * *" } })
    await areParked("*/1 * * * *")
    assert.deepStrictEqual(await runs(), [])
    await t.call("POST", "/resume", { body: { scope: scopes[0] } })
    for (const id of ids) {
      await eventually(
        async () => (await runs()).filter((run: Run) => run.goal_instance_id === id),
        (of) => of.length >= 3 && of.every((run: Run) => run.status === "completed"),
        "all missed slots ran",
      )
    }
  })

  it("a pause of an unknown hire, of two scopes or with too long a time-out is refused", async () => {
    const pause = (body: object) => t.call("POST", "/pause", { body: { reason: "look first", ...body } })
    const typo = await pause({ scope: { hired_instance_id: "HAI-typo" } })
    assert.deepStrictEqual([typo.status, typo.json.code], [404, "hire_not_found"])
    for (
      const body of [
        { scope: { hired_instance_id: "x".repeat(3000) } },
        { scope: { customer_id: "a", hired_instance_id: "b" } },
        { timeout_seconds: 3601 },
      ]
    ) assert.strictEqual((await pause(body)).status, 400, JSON.stringify(body))
    const { scopes } = (await t.call("GET", "/status")).json
    assert.notInclude(JSON.stringify(scopes), "HAI-typo")
  })

  it("operators pause and resume; viewers read the status", async () => {
    for (const path of ["/pause", "/resume"]) {
      for (const as of ["viewer:vera", "customer:acme"] as const) {
        assert.strictEqual((await t.call("POST", path, { as })).status, 403, `${path} ${as}`)
      }
    }
    assert.strictEqual((await t.call("GET", "/status", { as: "viewer:vera" })).status, 200)
    assert.strictEqual((await t.call("GET", "/status", { as: "customer:acme" })).status, 403)
  })

  it("a customer reads the pauses that bind it, without operators' names, and no other's", async () => {
    const [pia, other] = ["pia", "rhea"].map((name) => t.hire({ customer_id: name as never }))
    for (const hire of [pia!, other!]) {
      const goal = t.goal(hire.hired_instance_id)
      const known = () => t.call("GET", `/goals/${goal.goal_instance_id}/preview`)
      await eventually(known, ({ status }) => status === 200, "the scheduler knows the hire")
    }
    const scopes = [
      { hired_instance_id: pia!.hired_instance_id },
      { customer_id: "pia" },
      { hired_instance_id: other!.hired_instance_id },
      undefined,
    ]
    const bodyOf = (scope: object | undefined) => ({ reason: "a look", ...(scope === undefined ? {} : { scope }) })
    for (const scope of scopes) {
      assert.strictEqual((await t.call("POST", "/pause", { body: bodyOf(scope) })).status, 200)
    }
    const read = async (as: Parameters<typeof t.call>[2] & object, query = "") => {
      const { json, status } = await t.call("GET", `/pauses${query}`, as)
      return status === 200 ? json.items : [status, json.code]
    }
    const scopesOf = (items: ReadonlyArray<{ readonly scope: unknown }>) => items.map(({ scope }) => scope)
    const own = await read({ as: "customer:pia" })
    // everything's first, then the oldest
    assert.deepStrictEqual(scopesOf(own), [null, scopes[0], scopes[1]])
    assert.deepInclude(own[0], { paused_by: "an operator", reason: "a look" })
    assert.deepStrictEqual(await read({ as: "customer:pia" }, "?customer_id=pia"), own)
    assert.deepStrictEqual(await read({ as: "customer:pia" }, "?customer_id=rhea"), [404, "customer_not_found"])
    for (const as of ["viewer:vera", "operator:otto"] as const) {
      const named = own.map((one: object) => ({ ...one, paused_by: "olga" }))
      assert.deepStrictEqual(await read({ as }, "?customer_id=pia"), named)
      assert.includeDeepMembers(scopesOf(await read({ as })), scopes.map((scope) => scope ?? null))
    }
    assert.deepStrictEqual((await read({ as: "service:hiring" }))[0], 403)
    for (const scope of scopes) await t.call("POST", "/resume", { body: scope === undefined ? {} : { scope } })
    assert.deepStrictEqual(await read({ as: "customer:pia" }), [])
  })
})
