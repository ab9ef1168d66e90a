/** What the engine counts, and when a scheduler that lives says that it is not ready; on both storages. */
import { afterEach, assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Away } from "../src/Clients.ts"
import { eventually, made, refused, startScheduler, type TestScheduler } from "./Harness.ts"

const metrics = async (t: TestScheduler) => (await t.service.call("GET", "/metrics")).json as string
const figure = (text: string, name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1])
const outcome = (name: string) => `stint_scheduler_runs_total\\{outcome="${name}"\\}`
const readiness = (t: TestScheduler) => t.service.call("GET", "/readyz")

for (const mode of ["memory", "postgres"] as const) {
  describe(`sight on ${mode}`, () => {
    const started: Array<TestScheduler> = []
    const start = async (...args: [replicaOf?: TestScheduler, env?: Record<string, string>]) => {
      const t = await startScheduler(mode, ...args)
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

    it("outcomes, lateness and durations are counted, for every replica alike, and a restart forgets nothing", async () => {
      const t = await start()
      const hire = t.hire()
      t.request(t.goal(hire.hired_instance_id))
      await ran(t, "completed")
      t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 422, "goal_broken"))))
      t.request(t.goal(hire.hired_instance_id))
      await ran(t, "dead_lettered")
      t.answer((runs) => Effect.succeed(runs.map((run) => refused(run, 503, "unavailable"))))
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
      // a reading answers scrapes for some seconds
      await eventually(() => look(t), (seen) => JSON.stringify(seen) === JSON.stringify(expected), "the figures")
      assert.match(await metrics(t), /^# TYPE stint_scheduler_runs_total counter$/m)
      if (mode === "postgres") assert.deepStrictEqual(await look(await start(t)), expected)
    })

    it("it is not ready while due work waits for longer than its objective, and says which", async () => {
      const t = await start(undefined, { STINT_LATENESS_OBJECTIVE: "1" })
      t.answer(() => Effect.fail(new Away({ message: "connection refused" })))
      t.request(t.goal(t.hire().hired_instance_id))
      const late = await eventually(() => readiness(t), ({ status }) => status === 503, "not ready")
      assert.match(late.json.checks.lateness, /^due work has waited for \d+ s; the objective is 1 s$/)
      assert.strictEqual(late.json.checks.engine, "ok")
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

    it("what is paused waits by order, so it stays ready", async () => {
      const t = await start(undefined, { STINT_LATENESS_OBJECTIVE: "1" })
      const hire = t.hire()
      await eventually(
        () => t.call("POST", "/pause", { body: { scope: { hired_instance_id: hire.hired_instance_id } } }),
        ({ status }) => status === 200,
        "paused",
      )
      const goal = t.goal(hire.hired_instance_id)
      t.request(goal)
      const runs = await eventually(
        () => t.call("GET", `/runs?goal_instance_id=${goal.goal_instance_id}`),
        (answer) => answer.json.items.length === 1,
        "the run is there",
      )
      const since = Date.parse(runs.json.items[0].scheduled_time)
      await eventually(() => Promise.resolve(Date.now() - since), (waited) => waited > 2_000, "it waits")
      assert.strictEqual((await readiness(t)).status, 200)
    })

    it("an objective that is none is refused", async () => {
      const t = await startScheduler(mode, undefined, { STINT_LATENESS_OBJECTIVE: "soon" }).then(
        () => "it started",
        (error: Error) => error.message,
      )
      assert.notStrictEqual(t, "it started")
    })
  })
}
