/** Counts of runs by status and of dead letters by state, over HTTP: whose they are, of which time, and where they end. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { startScheduler, type TestScheduler } from "./Harness.ts"
import { asOwner } from "./Owner.ts"

/** Midnight (UTC) of a day, so many days ago: runs are kept for 30 days, and the service removes older ones within a minute of its start. */
const daysAgo = (days: number) => `${new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10)}T00:00:00Z`

describe("counts", () => {
  const [past, next, later] = [daysAgo(20), daysAgo(11), daysAgo(10)]
  let t: TestScheduler
  beforeAll(async () => {
    t = await startScheduler()
    // 1,200 of acme that completed; of bee two that were cancelled and one dead-lettered, some days later
    await asOwner(
      t.database.ownerUrl,
      (sql) =>
        sql`insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
            created_at, status, completed_at, closed_at, idempotency_key, reason_code)
          select 'SCH-' || n, 'GOI-' || n % 2, 'HAI-' || customer, customer, at, at,
            case how when 'completed' then 'completed' else 'cancelled' end, case how when 'completed' then at end, at,
            'key-' || n, case how when 'dead_lettered' then how when 'cancelled' then 'overlap_open' end
          from (
            select n, 'acme' as customer, 'completed' as how, ${past}::timestamptz + make_interval(secs => n) as at from generate_series(1, 1200) n
            union all select n, 'bee', 'cancelled', ${next}::timestamptz + make_interval(secs => n) from generate_series(2001, 2002) n
            union all select 3000, 'bee', 'dead_lettered', ${later}::timestamptz
          ) runs`,
    )
    await asOwner(
      t.database.ownerUrl,
      (sql) =>
        sql`insert into scheduler_dlq (dlq_id, goal_instance_id, hired_instance_id, fingerprint, first_failed_at, last_failed_at,
            expires_at, state, closed_at)
          select 'DLQ-' || n, 'GOI-' || n, 'HAI-bee', 'cause', now(), now(), now() + interval '7 days',
            case when n <= 3 then 'open' when n = 4 then 'discarded' else 'resolved' end, case when n > 3 then now() end
          from generate_series(1, 1010) n`,
    )
  })
  afterAll(() => t.stop())

  const none = { pending: 0, running: 0, retrying: 0, completed: 0, cancelled: 0, dead_lettered: 0 }
  const counts = async (query: string, as: `${"customer" | "operator" | "viewer"}:${string}` = "viewer:vera") => {
    const { json, status } = await t.call("GET", `/runs/counts${query}`, { as })
    assert.strictEqual(status, 200, query)
    return json
  }

  it("of runs are by status, end at 1,000, and are of whom and what time is asked", async () => {
    assert.deepStrictEqual(await counts(""), { ...none, completed: 1_000, cancelled: 2, dead_lettered: 1 })
    assert.deepStrictEqual(await counts("?customer_id=bee", "operator:olga"), {
      ...none,
      cancelled: 2,
      dead_lettered: 1,
    })
    assert.deepStrictEqual(await counts("?goal_instance_id=GOI-1"), { ...none, completed: 600, cancelled: 1 })
    assert.deepStrictEqual(await counts(`?hired_instance_id=HAI-acme&to=${past}`), none)
    assert.deepStrictEqual(await counts(`?from=${later}`), { ...none, dead_lettered: 1 })
    assert.deepStrictEqual(await counts(`?to=${later}&hired_instance_id=HAI-bee`), {
      ...none,
      cancelled: 2,
    })
  })

  it("of runs that are under way are as the list has them", async () => {
    const goal = t.goal(t.hire({ customer_id: "cy" as never }).hired_instance_id)
    const { json: later } = await t.call("POST", `/trigger/${goal.goal_instance_id}`, {
      body: { scheduled_time: "2099-01-01T00:00:00Z", reason: "later" },
    })
    assert.strictEqual(later.status, "triggered")
    assert.deepStrictEqual(await counts("", "customer:cy"), { ...none, pending: 1 })
    const of = `?goal_instance_id=${goal.goal_instance_id}`
    for (const status of ["running", "retrying"] as const) {
      // held under the lease of another replica; then set aside until its next attempt
      const held = status === "running"
      await asOwner(
        t.database.ownerUrl,
        (sql) =>
          sql`update run_queue set attempt = 1, state = ${held ? "held" : "timed"}, holder = ${held ? "another" : null},
              fence = case when ${held} then nextval('run_fence') end, claimed_at = case when ${held} then now() end,
              claimable_at = now() + interval '1 hour'
            where goal_instance_id = ${goal.goal_instance_id}`,
      )
      const listed = (await t.call("GET", `/runs${of}`)).json.items.map((run: { status: string }) => run.status)
      assert.deepStrictEqual([listed, await counts(of)], [[status], { ...none, [status]: 1 }])
    }
  })

  it("of runs are a customer's own, and another customer's do not exist", async () => {
    assert.deepStrictEqual(await counts("", "customer:bee"), { ...none, cancelled: 2, dead_lettered: 1 })
    assert.deepStrictEqual(await counts("", "customer:stranger"), none)
    const foreign = await t.call("GET", "/runs/counts?customer_id=acme", { as: "customer:bee" })
    assert.deepStrictEqual([foreign.status, foreign.json.code], [404, "customer_not_found"])
    const wrong = await t.call("GET", "/runs/counts?from=yesterday")
    assert.deepStrictEqual([wrong.status, wrong.json.code, wrong.json.errors[0].path], [
      400,
      "invalid_request",
      "query.from",
    ])
  })

  it("of dead letters are by state, for operators and viewers", async () => {
    for (const as of ["operator:olga", "viewer:vera"] as const) {
      const { json, status } = await t.call("GET", "/dlq/counts", { as })
      assert.deepStrictEqual([status, json], [200, { open: 3, resolved: 1_000, discarded: 1, expired: 0 }])
    }
    const refused = await t.call("GET", "/dlq/counts", { as: "customer:bee" })
    assert.deepStrictEqual([refused.status, refused.json.code], [403, "wrong_role"])
  })
})
