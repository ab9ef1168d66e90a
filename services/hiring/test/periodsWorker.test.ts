/** The worker of periods: it catches up at a start, shares the work with replicas, and sleeps until something is due. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import { ActionLogRepo } from "@stint/edge/ActionLog/Repo"
import { IdempotencyRepo } from "@stint/edge/Idempotency/Repo"
import { Health } from "@stint/edge/Health"
import { Ids } from "@stint/edge/Ids"
import { Effect, Layer, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { OutboxRepo } from "../src/Outbox/Repo.ts"
import { LONGEST_SLEEP, Periods } from "../src/Periods.ts"
import { PeriodsRepo } from "../src/Periods/Repo.ts"
import { TrialsRepo } from "../src/Trials/Repo.ts"
import {
  base,
  customerOf,
  eventually,
  feedEnd,
  follow,
  type Hiring,
  marketing,
  operator,
  startHiring,
} from "./Harness.ts"

/** The worker over a stub: what is left until something is due, or a failure, as often as it is asked. */
const withWorker = (left: () => Effect.Effect<Option.Option<number>>) =>
  Effect.gen(function* () {
    const health = Health.make()
    const seen = { catchUps: 0 }
    const stubs = Layer.mergeAll(
      Layer.succeed(Health, health),
      Layer.mock(PeriodsRepo, { untilDue: () => Effect.suspend(left) }),
      Layer.succeed(
        Periods,
        Periods.of({
          catchUp: Effect.sync(() => (seen.catchUps++, { ended: [], aside: new Set<string>() })),
          processTrialEnd: Effect.succeed([]),
        }),
      ),
    )
    yield* Layer.build(Periods.worker.pipe(Layer.provide(stubs)))
    yield* Effect.yieldNow
    return { seen, health }
  })

describe("the worker", () => {
  it.effect("catches up at the start, and when the next thing is due", () =>
    Effect.gen(function* () {
      const { seen } = yield* withWorker(() => Effect.succeed(Option.some(5_000)))
      yield* TestClock.adjust("4999 millis")
      assert.strictEqual(seen.catchUps, 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(seen.catchUps, 2)
    }))

  it.effect("looks again every ten minutes, since rows can come from a restored backup", () =>
    Effect.gen(function* () {
      for (const left of [Option.none(), Option.some(10 * LONGEST_SLEEP)]) {
        const { seen } = yield* withWorker(() => Effect.succeed(left))
        yield* TestClock.adjust(LONGEST_SLEEP - 1)
        assert.strictEqual(seen.catchUps, 1)
        yield* TestClock.adjust(1)
        assert.strictEqual(seen.catchUps, 2)
      }
    }))

  it.effect("looks again soon at what is due but locked by another replica", () =>
    Effect.gen(function* () {
      const { seen } = yield* withWorker(() => Effect.succeed(Option.some(-50)))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(seen.catchUps, 11)
    }))

  it.effect("goes on after a failure, and ends when the service drains", () =>
    Effect.gen(function* () {
      let failures = 3
      const { health, seen } = yield* withWorker(() =>
        failures-- > 0 ? Effect.die("the database is away") : Effect.succeed(Option.some(60_000))
      )
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(seen.catchUps, 4)
      yield* health.drain
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(seen.catchUps, 4)
    }))
})

describe("replicas", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())

  const inTrial = async () => {
    const acme = customerOf(hiring)
    const hired = await acme.hired()
    await acme.putGoal(hired.hired_instance_id)
    return hired
  }
  const trialStatus = async (subscription_id: string) =>
    (await hiring.call("GET", `${base}/hired-agents/by-subscription/${subscription_id}`, operator)).json.trial_status
  const endsIn = (subscription_id: string, interval: string) =>
    hiring.sql((sql) =>
      sql`
        update hired_agents set trial_start = now() - interval '7 days', trial_end = now() + ${interval}::text::interval
        where subscription_id = ${subscription_id}`
    )
  /** What `Periods` and its repo say, on a connection of their own. */
  const periodsOn = <A>(use: Effect.Effect<A, unknown, Periods | PeriodsRepo>) =>
    use.pipe(
      Effect.provide(
        Periods.layer.pipe(
          Layer.provideMerge(Layer.merge(PeriodsRepo.layer, TrialsRepo.layer)),
          Layer.provide([IdempotencyRepo.layer, OutboxRepo.layer, ActionLogRepo.layer("hiring_action_log"), Ids.layer]),
          Layer.provide(PgClient.layer({ url: Redacted.make(hiring.databaseUrl), maxConnections: 2 })),
        ),
      ),
    )

  it("three that start on a backlog share it: each change is written once, and once in the feed", async () => {
    const { hired_instance_id: model } = await inTrial()
    const cursor = await feedEnd(hiring)
    const many = 350
    await hiring.sql((sql) =>
      sql`
        with many as (
          insert into subscriptions (subscription_id, agent_id, customer_id, duration, status, anchor_at,
            current_period_start, current_period_end, cancel_at_period_end, created_at, updated_at)
          select 'SUB-many-' || n, ${marketing}, 'many', 'monthly', 'active', now() - interval '40 days',
            now() - interval '40 days', now() - interval '9 days', true, now(), now()
          from generate_series(1, ${many}) n returning *)
        insert into hired_agents (hired_instance_id, subscription_id, agent_id, customer_id, definition_version, config,
          configured, goals_completed, finalized_at, trial_start, trial_end, trial_status, created_at, updated_at)
        select replace(many.subscription_id, 'SUB', 'HAI'), many.subscription_id, h.agent_id, 'many', h.definition_version,
          h.config, true, true, now(), now() - interval '38 days', now() - interval '31 days', 'active', now(), now()
        from many, hired_agents h where h.hired_instance_id = ${model}`
    )
    // as if the feed had been told of them
    await hiring.sql((sql) => sql`delete from unannounced_hires`)
    const replicas = await Promise.all([hiring.replica(), hiring.replica(), hiring.replica()])
    await eventually("the backlog is done", () =>
      hiring.sql((sql) =>
        sql<{ n: number }>`
          select count(*)::int as n from subscriptions s join hired_agents h using (subscription_id)
          where s.customer_id = 'many' and (s.status <> 'canceled' or h.trial_status <> 'ended_converted')`
      ), ([left]) => left!.n === 0)
    const changes = (await follow(hiring, cursor)).items.filter(({ customer_id }) => customer_id === "many")
    for (const type of ["subscription", "hire"]) {
      const ids = changes.filter((one) => one.type === type).map((one) => one.subscription_id)
      assert.strictEqual(ids.length, many, type)
      assert.strictEqual(new Set(ids).size, many, type)
    }
    for (const replica of replicas) await replica.dispose()
  })

  it("what another transaction holds is skipped, and done by itself once it is free", async () => {
    const { subscription_id } = await inTrial()
    await endsIn(subscription_id, "0 seconds")
    const replica = await hiring.sql((sql) =>
      Effect.gen(function* () {
        yield* sql`select 1 from subscriptions where subscription_id = ${subscription_id} for update`
        const started = yield* Effect.promise(() => hiring.replica())
        const { ended } = yield* periodsOn(Effect.flatMap(Periods, (periods) => periods.catchUp))
        assert.notInclude(ended.map((one) => one.subscription_id), subscription_id)
        return started
      }).pipe(sql.withTransaction)
    )
    await eventually(
      "the trial has ended",
      () => trialStatus(subscription_id),
      (status) => status === "ended_converted",
    )
    await replica.dispose()
  })

  it("a lead trial past its end expires at the next start, without a request", async () => {
    const acme = customerOf(hiring)
    const lead = { agent_id: marketing, customer_name: "Mia", customer_email: "mia@example.com", company: "Smile" }
    const { trial_id } = (await acme.call("POST", "/trials", lead)).json
    await hiring.sql((sql) =>
      sql`
        update trials set start_date = start_date - interval '7 days', end_date = end_date - interval '7 days'
        where trial_id = ${trial_id}`
    )
    const replica = await hiring.replica()
    const status = async () => (await acme.call("GET", `/trials/${trial_id}`)).json.status
    await eventually("the lead trial has expired", status, (is) => is === "expired")
    await replica.dispose()
  })

  it("the next due moment is the earliest of all periods, debts and trials", async () => {
    const acme = customerOf(hiring)
    const [period, debt] = [await acme.subscribed(), await acme.subscribed()]
    const { subscription_id: trial } = await inTrial()
    const lead = { agent_id: marketing, customer_name: "Mia", customer_email: "mia@example.com", company: "Smile" }
    const { trial_id } = (await acme.call("POST", "/trials", lead)).json
    await hiring.call("POST", `${base}/subscriptions/${debt}/past-due`, operator)
    const next = () =>
      Effect.runPromise(periodsOn(Effect.gen(function* () {
        yield* Effect.flatMap(Periods, (periods) => periods.catchUp)
        return Option.getOrThrow(yield* Effect.flatMap(PeriodsRepo, (repo) => repo.untilDue(new Set())))
      })))
    /** Hours, rounded up, until something is due. */
    const hours = async () => Math.ceil((await next()) / 3_600_000)
    await hiring.sql((sql) =>
      sql`update subscriptions set current_period_end = now() + interval '4 hours' where subscription_id = ${period}`
    )
    assert.strictEqual(await hours(), 4)
    await hiring.sql((sql) =>
      sql`
        update subscriptions set past_due_since = now() - interval '14 days' + interval '3 hours'
        where subscription_id = ${debt}`
    )
    assert.strictEqual(await hours(), 3)
    await endsIn(trial, "2 hours")
    assert.strictEqual(await hours(), 2)
    await hiring.sql((sql) => sql`update trials set end_date = now() + interval '1 hour' where trial_id = ${trial_id}`)
    assert.strictEqual(await hours(), 1)
  })
})
