/** A week passes in the whole system: four services, each behind its fetch handler and on a database of its own, under one time. */
import { App as Catalog } from "@stint/catalog/App"
import { App as Deliverables } from "@stint/deliverables/App"
import { App as Hiring } from "@stint/hiring/App"
import { decode, isOlder } from "@stint/hiring/Outbox/Cursor"
import { App as Scheduler } from "@stint/scheduler/App"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { hireAgent, setGoal } from "../support/Customer.ts"
import { type MovableTime, movableTime } from "../support/MovableTime.ts"
import { type Answer, ready, type Send, serviceTokens, startService, type TestService } from "../support/Service.ts"
import { until } from "../support/Until.ts"

const HOUR = 3_600_000
const DAY = 24 * HOUR
const apps = { catalog: Catalog, hiring: Hiring, deliverables: Deliverables, scheduler: Scheduler }
type Name = keyof typeof apps
const names = Object.keys(apps) as ReadonlyArray<Name>

/** The four services, who reach each other without a network. */
const startAll = async (time: MovableTime<Name>) => {
  const services = {} as Record<Name, TestService>
  /** A goal whose drafts deliverables refuses for good. */
  const refused = { goal: "" }
  const fetch = (async (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init)
    const text = await request.clone().text()
    if (request.url.endsWith("/deliverables/batch") && refused.goal !== "" && text.includes(refused.goal)) {
      const { items } = JSON.parse(text) as { items: ReadonlyArray<{ idempotency_key: string }> }
      const problem = { type: "urn:stint:problem:draft_impossible", title: "x", status: 422, code: "draft_impossible" }
      return Response.json({ items: items.map(({ idempotency_key }) => ({ idempotency_key, problem })) })
    }
    return services[new URL(request.url).hostname.split(".")[0] as Name].fetch(request)
  }) as typeof globalThis.fetch
  const around = Layer.merge(Layer.succeed(Clock.Clock, time.clock), Layer.succeed(FetchHttpClient.Fetch, fetch))
  const env = Object.fromEntries(names.flatMap((name) => [
    [`${name.toUpperCase()}_URL`, `http://${name}.test`],
    [`${name.toUpperCase()}_DATABASE_URL`, time.urls[name]],
  ]))
  for (const name of names) {
    services[name] = await startService((apps[name] as typeof Catalog).pipe(Layer.provide(around)), env, {
      "service.token": await serviceTokens(name),
    })
    await ready(services[name])
  }
  return { services, refused }
}

describe("a week", () => {
  let time: MovableTime<Name>
  let system: Awaited<ReturnType<typeof startAll>>
  beforeAll(async () => {
    time = await movableTime(...names)
    system = await startAll(time)
  })
  afterAll(async () => {
    for (const name of names.toReversed()) await system.services[name].dispose()
    await time.release()
  })

  const on = (name: Name) => (method: string, path: string, send: Send = {}): Promise<Answer> =>
    system.services[name].call(method, path, { as: "operator:olga", ...send })
  const hiring = (method: string, path: string, send: Send = {}) => on("hiring")(method, path, send)
  const scheduler = (method: string, path: string, send: Send = {}) =>
    on("scheduler")(method, `/api/v1/scheduler${path}`, send)
  const hire = async (id: string) => (await hiring("GET", `/api/v1/hired-agents/${id}`)).json
  const subscription = async (id: string) => (await hiring("GET", `/api/v1/subscriptions/${id}`)).json
  /** All entries of a list. */
  const all = async (get: (query: string) => Promise<Answer>) => {
    // deno-lint-ignore no-explicit-any
    const items: Array<any> = []
    for (let cursor = "";;) {
      const { json, status } = await get(`limit=100${cursor}`)
      assert.strictEqual(status, 200, JSON.stringify(json))
      items.push(...json.items)
      if (json.next_cursor === null) return items
      cursor = `&cursor=${encodeURIComponent(json.next_cursor)}`
    }
  }
  const runsOf = (goal: string) => all((query) => scheduler("GET", `/runs?goal_instance_id=${goal}&${query}`))
  const draftsOf = (id: string) =>
    all((query) => on("deliverables")("GET", `/api/v1/hired-agents/${id}/deliverables?${query}`))
  const holds = async (name: Name, condition: string) =>
    (await time.sql<{ holds: boolean }>(name, `select (${condition}) as holds`))[0]!.holds

  /** Whether both followers of hiring's feed have applied its last change. */
  const isFollowed = async () => {
    const [last] = await time.sql<{ position: bigint; unplaced: boolean }>(
      "hiring",
      `select position, exists (select from hiring_outbox where position is null) as unplaced from hiring_feed_sequence`,
    )
    if (last!.unplaced) return false
    const cursors = await Promise.all(
      (["scheduler", "deliverables"] as const).map((name) =>
        time.sql<{ cursor: string | null }>(name, "select cursor from feed_cursor")
      ),
    )
    return (await Promise.all(cursors.map(([row]) => Effect.runPromise(decode(row?.cursor ?? "0.0"))))).every((
      cursor,
    ) => !isOlder(cursor) && cursor.position >= last!.position)
  }
  /** Whether all that is due has been done, and nothing is under way: a run that is claimed as it falls due is in the queue alone. */
  const isQuiet = async () =>
    await holds(
      "hiring",
      `not exists (select from subscriptions where status = 'active' and current_period_end <= now())
        and not exists (select from hired_agents where trial_status = 'active' and trial_end <= now())`,
    ) &&
    await isFollowed() &&
    await holds(
      "scheduler",
      `not exists (select from projected_goals where due_at <= now() and not parked)
        and not exists (select from scheduled_goal_runs where status = 'pending' and scheduled_time <= now())
        and not exists (select from run_queue where holder is not null)`,
    )

  /** Lets time pass in steps, so that what is due at an hour happens near it. A step begins when the one before has done its work. */
  const pass = async (by: number, step: number) => {
    for (const end = time.now() + by; time.now() < end;) {
      await until("all that is due is done", isQuiet)
      await time.advance(Math.min(step, end - time.now()))
    }
    await until("all that is due is done", isQuiet)
  }
  const onDemand = { goal_template_id: "marketing.daily_micro_post.v1", frequency: "on_demand", settings: {} }

  it("ends trials, rolls periods, expires dead letters and removes what is past its time, and nothing that lives", async () => {
    // 25 days before: a run that is long over when the week ends, and one that waits for a day that has not come
    const old = await hireAgent(hiring, "acme", "marketing.healthcare.v1")
    const once = await setGoal(hiring, "acme", old.hired_instance_id, onDemand)
    const trigger = (goal: string, body: Record<string, unknown> = {}) =>
      scheduler("POST", `/trigger/${goal}`, { body: { reason: "for the test", ...body } })
    await until("the scheduler has heard of the goal", isFollowed)
    assert.strictEqual((await trigger(once.goal_instance_id)).status, 202)
    const waits = await trigger(once.goal_instance_id, {
      scheduled_time: new Date(time.now() + 60 * DAY).toISOString(),
    })
    assert.isBelow(waits.status, 300, JSON.stringify(waits.json))
    const statuses = async (goal: string) => (await runsOf(goal)).map(({ status }) => status).sort()
    await pass(25 * DAY, DAY)
    assert.deepStrictEqual(await statuses(once.goal_instance_id), ["completed", "pending"])
    const period = (await subscription(old.subscription_id)).current_period_end

    // The week begins: two hires in trial, one of which loses its subscription, and a goal that fails for good
    const [kept, left] = [
      await hireAgent(hiring, "acme", "marketing.healthcare.v1"),
      await hireAgent(hiring, "zenith", "marketing.healthcare.v1"),
    ]
    const daily = { ...onDemand, frequency: "daily", settings: { topic: "Sleep", schedule: { at: "09:00" } } }
    const posts = await setGoal(hiring, "acme", kept.hired_instance_id, daily)
    await setGoal(hiring, "zenith", left.hired_instance_id, onDemand)
    const broken = await setGoal(hiring, "acme", kept.hired_instance_id, onDemand)
    system.refused.goal = broken.goal_instance_id
    await until("the scheduler has heard of the goals", isFollowed)
    assert.strictEqual((await trigger(broken.goal_instance_id)).status, 202)
    await until("all that is due is done", isQuiet)
    const letters = () => all((query) => scheduler("GET", `/dlq?${query}`))
    assert.strictEqual((await letters()).length, 1)
    assert.strictEqual((await letters())[0].state, "open")
    await hiring("POST", `/api/v1/subscriptions/${left.subscription_id}/cancel`, {
      as: "customer:zenith",
      body: { at_period_end: false },
    })
    const goal = async () => (await hiring("GET", `/api/v1/hired-agents/${kept.hired_instance_id}/goals`)).json.items
    const goals = await goal()
    for (const { hired_instance_id } of [kept, left]) {
      assert.strictEqual((await hire(hired_instance_id)).trial_status, "active")
    }

    await pass(7 * DAY + 3 * HOUR, 2 * HOUR)
    // Retention is hourly, and has a whole step to be at it
    await until("the dead letter has expired", async () => (await letters())[0].state === "expired")
    await until("the run that is long over is gone", async () => (await statuses(once.goal_instance_id)).length === 1)

    assert.strictEqual((await hire(kept.hired_instance_id)).trial_status, "ended_converted")
    assert.strictEqual((await hire(left.hired_instance_id)).trial_status, "ended_not_converted")
    const rolled = await subscription(old.subscription_id)
    assert.deepStrictEqual([rolled.status, rolled.current_period_start], ["active", period])

    assert.deepStrictEqual((await letters()).map(({ state }) => state), ["expired"])
    const actions = await all((query) => scheduler("GET", `/actions?${query}`))
    assert.deepStrictEqual(
      actions.filter(({ action }) => action === "dlq_expired").map(({ goal_instance_id, operator }) => [
        goal_instance_id,
        operator,
      ]),
      [[broken.goal_instance_id, "system"]],
    )

    // 32 days old: what is over has gone, what waits is there, and so is what was made
    assert.deepStrictEqual(await statuses(once.goal_instance_id), ["pending"])
    assert.strictEqual((await draftsOf(old.hired_instance_id)).length, 1)
    assert.strictEqual(actions.filter(({ action }) => action === "trigger").length, 3)

    // Nothing that lives is gone, and the days went by: one draft each
    const days = await runsOf(posts.goal_instance_id)
    assert.deepStrictEqual(days.filter(({ status }) => status !== "completed"), [])
    assert.include([7, 8], days.length)
    assert.strictEqual(new Set(days.map(({ scheduled_time }) => scheduled_time)).size, days.length)
    assert.strictEqual((await draftsOf(kept.hired_instance_id)).length, days.length)
    assert.deepStrictEqual(await goal(), goals)
    assert.strictEqual((await hire(old.hired_instance_id)).active, true)
    assert.strictEqual((await hire(left.hired_instance_id)).active, true)
  })
})
