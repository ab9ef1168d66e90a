/** Health over HTTP: the figures of the last hour, for people and for scrapes. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Fares } from "@stint/edge/Follower"
import { movableClock } from "../../../tests/support/MovableClock.ts"
import { asOwner } from "./Owner.ts"
import { eventually, made, refused, startScheduler, type TestScheduler } from "./Harness.ts"

describe("a feed that is held up", () => {
  const followers = new Map<string, Fares>()
  const clock = movableClock()
  let t: TestScheduler
  beforeAll(async () => void (t = await startScheduler({ clock, followers })))
  afterAll(() => t.stop())

  it("C4: is a problem of the health after a minute and is alerted; both end with it", async () => {
    const health = async () => (await t.call("GET", "/health")).json
    const alerts = () =>
      asOwner(
        t.database.ownerUrl,
        (sql) => sql<{ message: string }>`select message from alerts where kind = 'feed_held' and ended_at is null`,
      )
    /** The alerts, once there are so many; it is looked every ten seconds whether there should be one. */
    const alerted = (count: number, what: string) =>
      eventually(
        () => {
          clock.advance("1 second")
          return alerts()
        },
        (rows) => rows.length === count,
        what,
      )
    const fares: Fares = { workedAt: clock.now() - 30_000, held: true, rebuilds: 0, endedAt: 0, behind: false }
    followers.set("a feed", fares)
    assert.deepInclude(await health(), { status: "healthy", problems: [] })
    fares.workedAt -= 31_000
    const { problems, status } = await health()
    assert.strictEqual(status, "degraded")
    assert.lengthOf(problems, 1)
    assert.deepInclude(problems[0], { part: "a feed", how: "held_up", since: new Date(fares.workedAt).toISOString() })
    const [alert] = await alerted(1, "it is alerted")
    assert.match(alert!.message, /^a feed is held up: no page of it was got for \d+ s$/)
    fares.rebuilds = 3
    // beside it may be what was late by the moved clock
    const feed = (await health()).problems.find(({ part }: { part: string }) => part === "a feed")
    assert.include(feed.detail, "rebuilt 3 times")
    Object.assign(fares, { held: false, rebuilds: 0, workedAt: clock.now() })
    await eventually(
      () => {
        clock.advance("200 millis")
        return health()
      },
      ({ problems, status }) => status === "healthy" && problems.length === 0,
      "it is over",
    )
    // as if nobody had said so for long
    await asOwner(t.database.ownerUrl, (sql) => sql`update alerts set held_at = held_at - interval '1 minute'`)
    await alerted(0, "the alert ends")
  })
})

describe("health", () => {
  let t: TestScheduler
  beforeAll(async () => void (t = await startScheduler()))
  afterAll(() => t.stop())

  // one test: its figures are of the whole database
  it("counts completed and dead-lettered runs of the last hour, for people and on /metrics, without ids", async () => {
    const health = async () => (await t.call("GET", "/health", { as: "viewer:vera" })).json
    const finished = (count: number) =>
      eventually(health, (h) => h.total_executions_1h === count && h.running_goals === 0, `${count} finished`)
    assert.deepStrictEqual(await health(), {
      status: "healthy",
      pending_goals: 0,
      running_goals: 0,
      retrying_goals: 0,
      due_goals: 0,
      oldest_due_ms: null,
      success_rate_1h: null,
      failure_rate_1h: null,
      total_executions_1h: 0,
      last_run: null,
      last_success: null,
      last_failure: null,
      dlq_size: 0,
      avg_duration_ms: null,
      max_draft_lateness_ms: null,
      problems: [],
    })
    const goal = t.goal(t.hire().hired_instance_id)
    t.answer((runs) => Effect.succeed(runs.map(made)))
    t.request(goal)
    const good = await finished(1)
    assert.deepInclude(good, { status: "healthy", success_rate_1h: 1, failure_rate_1h: 0, last_failure: null })
    assert.isNotNull(good.last_success)
    assert.isNotNull(good.last_run)
    assert.isAtLeast(good.avg_duration_ms, 0)
    assert.isAtLeast(good.max_draft_lateness_ms, 0)
    t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 400, "invalid_request"))))
    for (let n = 2; n <= 4; n++) {
      t.request(goal)
      await finished(n)
    }
    const bad = await health()
    assert.deepInclude(bad, { status: "down", success_rate_1h: 0.25, failure_rate_1h: 0.75, dlq_size: 1 })
    assert.isNotNull(bad.last_failure)

    const metrics = await eventually(
      () => t.service.call("GET", "/metrics"),
      // a scrape may show a reading that is some seconds old
      ({ json }) => /^stint_scheduler_runs_finished_last_hour\{outcome="dead_lettered"\} 3$/m.test(json),
      "the figures are read",
    )
    assert.strictEqual(metrics.status, 200)
    assert.match(metrics.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/)
    for (
      const line of [
        /^# TYPE stint_scheduler_runs gauge$/m,
        /^stint_scheduler_runs\{status="running"\} 0$/m,
        /^stint_scheduler_dead_letters_open 1$/m,
        /^stint_scheduler_paused\{scope="all"\} 0$/m,
        /^stint_state_readable\{reading="scheduler"\} 1$/m,
        /^stint_http_requests_total\{method="GET",route="\/api\/v1\/scheduler\/health",status="200"\} \d+$/m,
        /^stint_http_request_duration_seconds_bucket\{.*le="0\.25"\} \d+$/m,
      ]
    ) assert.match(metrics.json, line)
    assert.notMatch(metrics.json, /acme|GOI-|HAI-/)
  })

  it("counts all that is due, and for how long the oldest has been, also while it is paused", async () => {
    await t.call("POST", "/pause", { body: { reason: "to see what is due" } })
    const goal = t.goal(t.hire().hired_instance_id)
    for (let n = 0; n < 2; n++) t.request(goal)
    const health = async () => (await t.call("GET", "/health")).json
    await eventually(health, (h) => h.due_goals === 2, "two are due")
    await asOwner(
      t.database.ownerUrl,
      (sql) =>
        sql`update run_queue set claimable_at = now() - interval '90 seconds' where scheduled_run_id = (
              select min(scheduled_run_id) from run_queue)`,
    )
    const { oldest_due_ms, ...rest } = await health()
    assert.deepInclude(rest, { pending_goals: 2, due_goals: 2, retrying_goals: 0, running_goals: 0 })
    assert.isAtLeast(oldest_due_ms, 90_000)
    // of one that came due a minute later it would be under 60 s
    assert.isBelow(oldest_due_ms, 150_000)
    await t.call("POST", "/resume", { body: {} })
  })

  it("is for operators and viewers", async () => {
    assert.strictEqual((await t.call("GET", "/health", { as: "customer:acme" })).status, 403)
  })
})
