/** What only Postgres can show of the feed: transactions that overlap, a listener that breaks, pruning; and retention. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { startService } from "../../../tests/support/Service.ts"
import { base, customerOf, follow, type Hiring, operator, scheduler, startHiring, withSql } from "./Harness.ts"

const subscriptionChange = (subscription_id: string) => ({
  type: "subscription",
  subscription_id,
  customer_id: "acme",
  status: "active",
  version: 1,
})

describe("the feed on Postgres", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring("postgres")
  })
  afterAll(() => hiring.end())
  const changes = (query: string) => hiring.call("GET", `${base}/goal-changes?${query}`, scheduler)
  const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

  it("a change is held back while an older transaction can still commit one before it", async () => {
    const { cursor } = await follow(hiring)
    const acme = customerOf(hiring)
    await withSql(hiring, (sql) =>
      Effect.gen(function* () {
        const written = yield* Deferred.make<void>()
        const mayCommit = yield* Deferred.make<void>()
        const older = yield* Effect.gen(function* () {
          yield* sql`insert into hiring_outbox (kind, payload)
            values ('subscription', ${sql.json(subscriptionChange("SUB-older"))})`
          yield* Deferred.succeed(written, undefined)
          yield* Deferred.await(mayCommit)
        }).pipe(sql.withTransaction, Effect.forkChild)
        yield* Deferred.await(written)
        const later = (yield* Effect.promise(() => acme.subscribe())).json.subscription_id
        const early = (yield* Effect.promise(() => changes(`after=${cursor}`))).json
        assert.deepStrictEqual(early, { items: [], cursor })
        const waiting = yield* Effect.forkChild(Effect.promise(() => changes(`after=${cursor}&wait_ms=10000`)))
        yield* Effect.promise(() => pause(150))
        const before = performance.now()
        yield* Deferred.succeed(mayCommit, undefined)
        yield* Fiber.join(older)
        const { json } = yield* Fiber.join(waiting)
        assert.isBelow(performance.now() - before, 200)
        assert.deepStrictEqual(
          json.items.map((one: { subscription_id: string }) => one.subscription_id),
          ["SUB-older", later],
        )
      }))
  })

  it("under many writers at once a follower sees every change once, each hire's in the order of its versions", async () => {
    const { cursor: start } = await follow(hiring)
    const acme = customerOf(hiring)
    const hires = await Promise.all(Array.from({ length: 6 }, () => acme.hired()))
    let writing = true
    const seen: Array<{ type: string; goal_instance_id: string; hired_instance_id: string; version: number }> = []
    const following = (async () => {
      for (let cursor = start, last = false;;) {
        const { json } = await changes(`after=${cursor}&limit=7&wait_ms=50`)
        seen.push(...json.items)
        cursor = json.cursor
        if (json.items.length === 0 && last) return
        last = !writing && json.items.length === 0
      }
    })()
    const made = await Promise.all(
      hires.flatMap(({ hired_instance_id }) => Array.from({ length: 15 }, () => acme.putGoal(hired_instance_id))),
    )
    writing = false
    await following
    const goals = seen.filter(({ type }) => type === "goal").map(({ goal_instance_id }) => goal_instance_id)
    assert.sameMembers(goals, made.map(({ json }) => json.goal_instance_id))
    for (const { hired_instance_id } of hires) {
      const versions = seen.filter((one) => one.type === "hire" && one.hired_instance_id === hired_instance_id)
        .map(({ version }) => version)
      assert.deepStrictEqual(versions, [...versions].sort((a, b) => a - b))
    }
  })

  it("a reader that waits costs no query", async () => {
    const { cursor } = await follow(hiring)
    const now = () =>
      withSql(hiring, (sql) => sql<{ at: string }>`select now()::text as at`).then((rows) => rows[0]!.at)
    const looksSince = (at: string) =>
      withSql(hiring, (sql) =>
        sql`
        select query from pg_stat_activity
        where datname = current_database() and application_name = 'stint-hiring'
          and query like '%hiring_outbox o%' and query_start > ${at}::text::timestamptz`)
    const waiting = [1, 2, 3].map(() => changes(`after=${cursor}&wait_ms=900`))
    await pause(200)
    const before = await now()
    await pause(500)
    assert.deepStrictEqual(await looksSince(before), [])
    await Promise.all(waiting)
  })

  it("when the listener's connection breaks, a change is told within a second, and soon at once again", async () => {
    const { cursor } = await follow(hiring)
    const acme = customerOf(hiring)
    const waiting = changes(`after=${cursor}&wait_ms=10000`)
    await pause(100)
    const ended = await withSql(hiring, (sql) =>
      sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'stint-hiring' and query ilike 'listen%'`)
    assert.strictEqual(ended.length, 1)
    const before = performance.now()
    await acme.subscribe()
    assert.strictEqual((await waiting).json.items.length, 1)
    assert.isBelow(performance.now() - before, 1500)
    await pause(500)
    const { cursor: next } = await follow(hiring)
    const again = changes(`after=${next}&wait_ms=10000`)
    await pause(100)
    const told = acme.subscribe().then(() => performance.now())
    await again
    assert.isBelow(performance.now() - await told, 100)
  })

  it("what is older than seven days goes at the next start, and a cursor before it is gone", async () => {
    const { cursor: before } = await follow(hiring)
    const acme = customerOf(hiring)
    await acme.subscribe()
    const { cursor: kept } = await follow(hiring)
    await acme.subscribe()
    await withSql(hiring, (sql) =>
      sql`
      update hiring_outbox set created_at = now() - interval '8 days'
      where (xid, seq) <= (${kept.split(".")[0]!}::text::xid8, ${kept.split(".")[1]!}::text::bigint)`, "owner")
    const second = await startHiringAgain(hiring)
    for (let n = 0; n < 100; n++) {
      if ((await changes("after=0.0")).status === 410) break
      await pause(20)
    }
    for (const after of ["0.0", before]) {
      const gone = await changes(`after=${after}`)
      assert.deepStrictEqual([gone.status, gone.json.code], [410, "feed_cursor_gone"])
      assert.include(gone.json.detail, "snapshot")
    }
    assert.strictEqual((await changes(`after=${kept}`)).json.items.length, 1)
    const { json } = await hiring.call("GET", `${base}/goal-changes/snapshot`, scheduler)
    assert.strictEqual((await changes(`after=${json.feed_cursor}`)).status, 200)
    await second.dispose()
  })

  it("thirty days after its subscription's end a hire is gone, and no list has it", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id, subscription_id } = await acme.hired()
    const { goal_instance_id: goal } = (await acme.putGoal(id)).json
    await acme.call("POST", `/subscriptions/${subscription_id}/cancel`, { at_period_end: false })
    const ended = (await acme.call("GET", `/hired-agents/${id}`)).json
    assert.strictEqual(ended.subscription_status, "canceled")
    assert.strictEqual(
      Date.parse(ended.retention_expires_at) - Date.parse(ended.subscription_ended_at),
      30 * 86_400_000,
    )
    const backDate = (interval: string) =>
      withSql(
        hiring,
        (sql) =>
          sql`update subscriptions set ended_at = now() - ${interval}::text::interval where subscription_id = ${subscription_id}`,
      )
    await backDate("29 days 23 hours")
    assert.strictEqual((await acme.call("GET", `/hired-agents/${id}`)).status, 200)
    await backDate("30 days 1 second")
    const answers = [
      acme.call("GET", `/hired-agents/${id}`),
      acme.call("GET", `/hired-agents/by-subscription/${subscription_id}`),
      acme.call("GET", `/hired-agents/${id}/goals`),
      acme.call("GET", `/hired-agents/${id}/goals/${goal}`),
      acme.call("POST", `/hired-agents/${id}/finalize`, {}),
      acme.call("POST", `/hired-agents/${id}/deactivate`, {}),
      acme.call("POST", `/hired-agents/${id}/goals/${goal}/run`, {}),
      acme.putGoal(id),
      acme.call("DELETE", `/hired-agents/${id}/goals/${goal}`),
      hiring.call("GET", `${base}/hired-agents/${id}`, operator),
    ]
    for (const { json, status } of await Promise.all(answers)) {
      assert.deepStrictEqual([status, json.code], [410, "hire_gone"])
    }
    assert.deepStrictEqual((await acme.call("GET", `/hired-agents?customer_id=${acme.name}`)).json.items, [])
    const found = await hiring.call("POST", `${base}/goals/lookup`, {
      ...scheduler,
      body: { hired_instance_ids: [id] },
    })
    assert.strictEqual(found.json.hires[0].gone, true)
    assert.strictEqual((await customerOf(hiring).call("GET", `/hired-agents/${id}`)).status, 404)
  })

  it("a lookup of a thousand goals takes milliseconds", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } = await acme.hired()
    await withSql(hiring, (sql) =>
      sql`
      insert into goal_instances (goal_instance_id, hired_instance_id, goal_template_id, frequency, settings, created_at, updated_at)
      select 'GOI-many-' || n, ${id}, 'marketing.daily_micro_post.v1', 'daily', '{"topic": "Sleep"}', now(), now()
      from generate_series(1, 1000) n`)
    const body = { goal_instance_ids: Array.from({ length: 1000 }, (_, n) => `GOI-many-${n + 1}`) }
    const lookup = () => hiring.call("POST", `${base}/goals/lookup`, { ...scheduler, body })
    await lookup()
    const before = performance.now()
    const { json } = await lookup()
    const took = performance.now() - before
    assert.deepStrictEqual([json.goals.length, json.hires.length], [1000, 1])
    assert.isBelow(took, 500, `took ${took} ms`)
    console.log(`lookup of 1000 goals: ${took.toFixed(1)} ms`)
  })
})

/** A second process on the same database. */
const startHiringAgain = async (hiring: Hiring) => {
  const { App } = await import("../src/App.ts")
  return startService(App, { HIRING_DATABASE_URL: hiring.databaseUrl! })
}
