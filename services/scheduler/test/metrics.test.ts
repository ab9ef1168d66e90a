/** The engine's counters on /metrics, and when a running scheduler is not ready. */
import { afterEach, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Away } from "../src/Clients.ts"
import { eventually, made, refused, type StartOptions, startScheduler, type TestScheduler } from "./Harness.ts"
import { asOwner } from "./Owner.ts"

const metrics = async (t: TestScheduler) => (await t.service.call("GET", "/metrics")).json as string
const figure = (text: string, name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1])
const outcome = (name: string) => `stint_scheduler_runs_total\\{outcome="${name}"\\}`
const readiness = (t: TestScheduler) => t.service.call("GET", "/readyz")

describe("metrics and readiness", () => {
  const started: Array<TestScheduler> = []
  const start = async (options: StartOptions = {}) => {
    const t = await startScheduler(options)
    started.unshift(t)
    return t
  }
  afterEach(async () => {
    for (const t of started.splice(0)) await t.stop()
  })
  const ran = (t: TestScheduler, status: string) =>
    eventually(
      () => t.call("GET", `/runs?status=${status}`),
      (answer) => answer.json.items.length > 0,
      `a run that is ${status}`,
    )

  it("outcomes, lateness and durations are counted for all replicas together, and survive a restart", async () => {
    const t = await start()
    const hire = t.hire()
    t.request(t.goal(hire.hired_instance_id))
    await ran(t, "completed")
    t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 422, "goal_broken"))))
    t.request(t.goal(hire.hired_instance_id))
    await ran(t, "dead_lettered")
    t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 429, "too_many_requests"))))
    t.request(t.goal(hire.hired_instance_id))
    await ran(t, "retrying")
    const look = async (at: TestScheduler) => {
      const text = await metrics(at)
      return {
        completed: figure(text, outcome("completed")),
        dead: figure(text, outcome("dead_lettered")),
        retried: figure(text, outcome("retried")),
        late: figure(text, "stint_scheduler_lateness_seconds_count"),
        lateIn: figure(text, 'stint_scheduler_lateness_seconds_bucket\\{le="\\+Inf"\\}'),
        took: figure(text, "stint_scheduler_run_duration_seconds_count"),
        takeovers: figure(text, "stint_scheduler_lease_takeovers_total"),
      }
    }
    const expected = { completed: 1, dead: 1, retried: 1, late: 3, lateIn: 3, took: 1, takeovers: 0 }
    // a scrape may show a reading that is some seconds old
    await eventually(() => look(t), (seen) => JSON.stringify(seen) === JSON.stringify(expected), "the figures")
    assert.match(await metrics(t), /^# TYPE stint_scheduler_runs_total counter$/m)
    assert.deepStrictEqual(await look(await start({ replicaOf: t })), expected)
    const [{ dlq_id }] = (await t.call("GET", "/dlq")).json.items
    assert.strictEqual((await t.call("DELETE", `/dlq/${dlq_id}`, { body: { reason: "enough" } })).status, 200)
    const closed = (text: string, state: string) =>
      figure(text, `stint_scheduler_dead_letters_closed_last_hour\\{state="${state}"\\}`)
    const text = await eventually(() => metrics(t), (text) => closed(text, "discarded") === 1, "one is discarded")
    assert.deepStrictEqual([closed(text, "resolved"), closed(text, "expired")], [0, 0])
  })

  it("is not ready while due work waits for longer than the objective, and names the check", async () => {
    const t = await start({ env: { STINT_LATENESS_OBJECTIVE: "1" } })
    t.answer(() => Effect.fail(new Away({ message: "connection refused" })))
    t.request(t.goal(t.hire().hired_instance_id))
    const late = await eventually(
      () => readiness(t),
      ({ json, status }) => status === 503 && json.checks.lateness !== "ok",
      "not ready",
    )
    assert.match(late.json.checks.lateness, /^due work has waited for \d+ s; the objective is 1 s$/)
    assert.strictEqual(late.json.checks.engine, "ok")
    const text = await eventually(
      () => metrics(t),
      (text) =>
        figure(text, "stint_scheduler_waiting_seconds") > figure(text, "stint_scheduler_waiting_objective_seconds"),
      "the figures say so",
    )
    assert.strictEqual(figure(text, "stint_scheduler_waiting_objective_seconds"), 1)
    // whoever watches it knows that it could do its work
    await eventually(() => metrics(t), (text) => figure(text, "stint_ready") === 0, "so does its readiness")
    assert.strictEqual(figure(await metrics(t), "stint_ready_itself"), 1)
    await eventually(
      () => metrics(t),
      (text) => figure(text, 'stint_scheduler_breaker\\{downstream="deliverables",state="closed"\\}') === 0,
      "the breaker is not closed",
    )
    t.answer((runs) => Effect.succeed(runs.map(made)))
    await ran(t, "completed")
    await eventually(() => readiness(t), ({ status }) => status === 200, "ready again")
    await eventually(
      () => metrics(t),
      (text) => figure(text, 'stint_scheduler_breaker\\{downstream="deliverables",state="closed"\\}') === 1,
      "the breaker is closed",
    )
  })

  it("stays ready while paused work waits", async () => {
    const t = await start({ env: { STINT_LATENESS_OBJECTIVE: "1" } })
    const hire = t.hire()
    await eventually(
      () =>
        t.call("POST", "/pause", {
          body: { scope: { hired_instance_id: hire.hired_instance_id }, reason: "look first" },
        }),
      ({ status }) => status === 200,
      "paused",
    )
    const goal = t.goal(hire.hired_instance_id)
    t.request(goal)
    await eventually(
      () => t.call("GET", `/runs?goal_instance_id=${goal.goal_instance_id}`),
      (answer) => answer.json.items.length === 1,
      "the run is there",
    )
    await asOwner(t.database.ownerUrl, (sql) => sql`update run_queue set due_at = now() - interval '1 hour'`)
    assert.strictEqual((await readiness(t)).status, 200)
    await asOwner(t.database.ownerUrl, (sql) =>
      sql`update run_queue set forced = true, rank = 0, state = 'timed',
      claimable_at = now() + interval '9 seconds'`)
    assert.match((await readiness(t)).json.checks.lateness, /^due work has waited for 36\d\d s/)
  })

  it.each([
    ["STINT_LATENESS_OBJECTIVE", "soon"],
    ["STINT_TRACE_URL", "traces.example.com/{trace_id}"],
    ["STINT_TRACE_URL", "https://traces.example.com/trace/"],
  ])("refuses %s=%s", async (name, value) => {
    const why = await startScheduler({ env: { [name]: value } }).then(
      () => "it started",
      (error: Error) => error.message,
    )
    assert.include(why, name)
  })
})
