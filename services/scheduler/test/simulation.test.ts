/** Simulations over HTTP: the load of given hires and of stored goals, within bounds. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { maxGoals, maxSeconds, maxSlots } from "@stint/domain/scheduler/Simulation"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { Simulation } from "../src/Simulation.ts"
import { eventually, startScheduler, type TestScheduler } from "./Harness.ts"

const from = "2026-03-01T00:00:00.000Z"
const nine = { count: 3, goals: [{ frequency: "daily" }] }

describe("simulate", () => {
  let t: TestScheduler
  beforeAll(async () => void (t = await startScheduler({ env: { STINT_MAX_RUNNING: "7" } })))
  afterAll(() => t.stop())
  const simulate = (body: unknown, as?: `viewer:${string}` | `customer:${string}`) =>
    t.call("POST", "/simulate", { body, ...(as === undefined ? {} : { as }) })

  it("of given hires has when runs begin and how late, also under another spread", async () => {
    const { json, status } = await simulate({
      from,
      days: 2,
      hires: [nine, {
        count: 2,
        timezone: "Asia/Kolkata",
        goals: [{ frequency: "daily" }, { frequency: "on_demand" }],
      }],
      capacity: { runs_at_once: 1, run_ms: 30_000, runs_per_second: 1_000_000 },
      spread_seconds: 3_600,
    }, "viewer:vera")
    assert.strictEqual(status, 200)
    assert.deepInclude(json, {
      source: "given",
      from,
      to: "2026-03-03T00:00:00.000Z",
      hires: 5,
      goals: 5,
      slots: 10,
      runs: 10,
      skipped: 0,
      distinct_rules: 2,
      step_seconds: 60,
      peak_per_minute: 2,
      peak_queue: 2,
      lateness_ms: { p50: 30_000, p95: 60_000, p99: 60_000, max: 60_000 },
      capacity: { runs_at_once: 1, run_ms: 30_000, runs_per_second: 1_000_000 },
    })
    assert.deepStrictEqual(json.curve.slice(0, 3), [
      { minute: "2026-03-01T03:30:00.000Z", runs: 2 },
      { minute: "2026-03-01T09:00:00.000Z", runs: 2 },
      { minute: "2026-03-01T09:01:00.000Z", runs: 1 },
    ])
    assert.deepInclude(json.with_spread, { spread_seconds: 3_600, runs: 10, skipped: 0 })
    assert.isAtMost(json.with_spread.lateness_ms.max, 60_000)
    assert.isBelow(json.with_spread.peak_queue, 2)
  })

  it("defaults to now and to the capacity of this scheduler", async () => {
    const before = Date.now()
    const { json } = await simulate({ days: 1, hires: [nine] })
    assert.isAtLeast(Date.parse(json.from), before)
    assert.strictEqual(Date.parse(json.to) - Date.parse(json.from), 86_400_000)
    assert.deepStrictEqual(json.capacity, { runs_at_once: 7, run_ms: 5, runs_per_second: 2_700 })
    assert.notProperty(json, "with_spread")
  })

  it("of stored goals covers enabled ones of runnable hires", async () => {
    const hire = t.hire({ timezone: "Asia/Kolkata" })
    const daily = { frequency: "daily" as const }
    t.goal(hire.hired_instance_id, daily)
    t.goal(hire.hired_instance_id, { ...daily, schedule: { at: "10:00" } })
    t.goal(hire.hired_instance_id, { ...daily, enabled: false })
    t.goal(hire.hired_instance_id)
    t.goal(t.hire({ runnable: false, reason: "past due" }).hired_instance_id, daily)
    t.goal(t.hire().hired_instance_id, { ...daily, default_at: "18:30" })
    const last = t.goal(t.hire().hired_instance_id, daily)
    const { json } = await eventually(
      () => simulate({ source: "stored", from, days: 3 }),
      ({ json }) => json.goals === 4,
      `${last.goal_instance_id} has arrived`,
    )
    assert.deepInclude(json, { source: "stored", hires: 3, goals: 4, slots: 12, runs: 12, distinct_rules: 4 })
    assert.deepStrictEqual(json.curve.slice(0, 4).map(({ minute }: { minute: string }) => minute.slice(11, 16)), [
      "03:30",
      "04:30",
      "09:00",
      "18:30",
    ])
  })

  it("refuses an invalid schedule with its path, as hiring does", async () => {
    const paths = async (body: unknown) => {
      const { json, status } = await simulate(body)
      assert.strictEqual(status, 400, JSON.stringify(json))
      assert.strictEqual(json.code, "invalid_request")
      return json.errors.map(({ path }: { path: string }) => path)
    }
    const of = (goal: unknown) => ({ days: 1, hires: [{ count: 1, goals: [{ frequency: "daily" }, goal] }] })
    const at = "$.hires[0].goals[1].schedule"
    assert.deepStrictEqual(await paths(of({ frequency: "cron", schedule: { cron: "0 25 * * *" } })), [`${at}.cron`])
    assert.deepStrictEqual(await paths(of({ frequency: "cron" })), [`${at}.cron`])
    assert.deepStrictEqual(await paths(of({ frequency: "daily", schedule: { weekday: "friday" } })), [
      `${at}.weekday`,
    ])
    assert.deepStrictEqual(await paths(of({ frequency: "daily", schedule: { when: "soon" } })), [`${at}.when`])
    assert.deepStrictEqual(await paths(of({ frequency: "daily", schedule: { timezone: "+05:30" } })), [
      `${at}.timezone`,
    ])
    assert.deepStrictEqual(await paths({ days: 0, hires: [nine] }), ["$.days"])
    assert.deepStrictEqual(await paths({ days: 1, hires: [{ count: 0, goals: [] }] }), [
      "$.hires[0].count",
      "$.hires[0].goals",
    ])
    assert.deepStrictEqual(await paths({ days: 1 }), ["$"])
    assert.deepStrictEqual(await paths({ days: 1, source: "stored", hires: [nine] }), ["$"])
    assert.deepStrictEqual(await paths({ days: 1, source: "stored", from: "9000-01-01T00:00:00Z" }), ["$.from"])
    assert.deepStrictEqual(await paths({ days: 1, source: "stored", spread_seconds: -1 }), ["$.spread_seconds"])
  })

  it("refuses too many goals or slots, and names the bound", async () => {
    const many = { count: 100_000, goals: [{ frequency: "daily", count: 2 }, { frequency: "weekly" }] }
    const goals = await simulate({ days: 1, hires: [many] })
    assert.strictEqual(goals.status, 400)
    assert.deepInclude(goals.json, { code: "simulation_too_large", bound: "goals", limit: maxGoals })
    const minutely = { count: 1_000, goals: [{ frequency: "cron", schedule: { cron: "* * * * *" } }] }
    const slots = await simulate({ days: 366, hires: [minutely] })
    assert.strictEqual(slots.status, 400)
    assert.deepInclude(slots.json, { code: "simulation_too_large", bound: "slots", limit: maxSlots })
  })

  it("A4: goals that have no slots cost nothing, however many are given", async () => {
    const goal = { count: 1_000, frequency: "on_demand" }
    const hires = Array.from({ length: 50 }, () => ({ count: 200, goals: Array(10).fill(goal) }))
    const { json, status } = await simulate({ from, days: 1, hires })
    assert.strictEqual(status, 200)
    assert.deepInclude(json, { hires: 10_000, goals: 0, runs: 0 })
  })

  it("lets other requests be served meanwhile", async () => {
    let ended = false
    const big = simulate({
      from,
      days: 30,
      hires: [{ count: 20_000, goals: [{ frequency: "daily" }] }],
      spread_seconds: 900,
    }).finally(() => void (ended = true))
    let served = 0
    while (!ended) {
      assert.strictEqual((await t.call("GET", "/status")).status, 200)
      if (!ended) served++
    }
    assert.strictEqual((await big).json.runs, 600_000)
    // the first may have been served before it began
    assert.isAbove(served, 1)
  })

  it("is for operators and viewers", async () => {
    assert.strictEqual((await simulate({ days: 1, source: "stored" }, "customer:acme")).status, 403)
  })
})

it.effect("a simulation that takes too long is given up, and the next one begins", () =>
  Effect.gen(function* () {
    const { simulate } = yield* Simulation
    const hires = (count: number) => ({ days: 30, hires: [{ count, goals: [{ frequency: "daily" as const }] }] })
    const long = yield* Effect.forkChild(Effect.flip(simulate(hires(50_000))))
    const next = yield* Effect.forkChild(simulate(hires(1)))
    yield* Effect.yieldNow
    yield* TestClock.adjust(`${maxSeconds + 1} seconds`)
    const refused = yield* Fiber.join(long)
    assert.deepInclude(refused, { code: "simulation_too_large", bound: "seconds", limit: maxSeconds })
    assert.strictEqual((yield* Fiber.join(next)).runs, 30)
  }).pipe(Effect.provide(Simulation.withoutStorage)))
