/** The changes as the scheduler and deliverables follow them: order, waiting, transactions that overlap, pruning. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import {
  base,
  customerOf,
  eventually,
  feedEnd,
  follow,
  followUntil,
  type Hiring,
  mark,
  marketingConfig,
  operator,
  scheduler,
  startHiring,
} from "./Harness.ts"

describe("the feed", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())
  const changes = (query: string) => hiring.call("GET", `${base}/goal-changes?${query}`, scheduler)

  it("is for services alone", async () => {
    for (const as of ["customer:acme", "operator:olga", "viewer:vera"] as const) {
      assert.strictEqual((await hiring.call("GET", `${base}/goal-changes?after=0.0`, { as })).status, 403)
      assert.strictEqual((await hiring.call("GET", `${base}/goal-changes/snapshot`, { as })).status, 403)
      assert.strictEqual((await hiring.call("POST", `${base}/goals/lookup`, { as, body: {} })).status, 403)
    }
    assert.strictEqual((await hiring.call("GET", `${base}/subscriptions/SUB-1`, scheduler)).status, 403)
  })

  it("an empty page keeps the cursor; what is no cursor is a 400, one that it never gave a 410", async () => {
    const cursor = await feedEnd(hiring)
    assert.deepStrictEqual((await changes(`after=${cursor}`)).json, { items: [], cursor })
    for (
      const after of [
        "",
        "x",
        "1",
        "1.2.3",
        "-1.0",
        "1.",
        "99999999999999999999.0",
        "0.9223372036854775808",
        "1%00.0",
      ]
    ) {
      assert.strictEqual((await changes(`after=${after}`)).status, 400, after)
    }
    for (
      const query of [
        "",
        "after=0.0&limit=0",
        "after=0.0&limit=1001",
        "after=0.0&wait_ms=30001",
        "after=0.0&wait_ms=-1",
      ]
    ) {
      assert.strictEqual((await changes(query)).status, 400, query)
    }
    const ahead = await changes("after=18446744073709551615.0")
    assert.deepStrictEqual([ahead.status, ahead.json.code], [410, "feed_cursor_gone"])
  })

  it("goes on page by page, in order, each change once", async () => {
    const acme = customerOf(hiring)
    const start = await feedEnd(hiring)
    const { hired_instance_id: id } = await acme.hired()
    for (let n = 0; n < 5; n++) await acme.putGoal(id)
    const whole = (await follow(hiring, start)).items
    assert.deepStrictEqual((await follow(hiring, start, 2)).items, whole)
    assert.deepStrictEqual(whole.map(({ type }) => type), [
      "subscription",
      "subscription",
      "hire",
      "hire",
      // its first goal writes it
      "hire",
      ...Array(5).fill("goal"),
    ])
    const hires = whole.filter(({ type }) => type === "hire")
    assert.deepStrictEqual(hires.map(({ version }) => version), [1, 2, 3])
    for (const { changed_at, type } of whole) if (type !== "subscription") assert.match(changed_at, /\.\d{3}Z$/)
  })

  it("all readers that wait get a change", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } = await acme.hired()
    const cursor = await feedEnd(hiring)
    const waiting = [1, 2, 3].map(() => changes(`after=${cursor}&wait_ms=10000`))
    const made = await acme.putGoal(id)
    for (const { json } of await Promise.all(waiting)) {
      assert.strictEqual(json.items.at(-1).goal_instance_id, made.json.goal_instance_id)
    }
  })

  it("says why a hire cannot run, in words for its user, and when it can again", async () => {
    const acme = customerOf(hiring)
    const cursor = await feedEnd(hiring)
    const subscription_id = await acme.subscribed()
    const draft = (config: unknown) => acme.draft(subscription_id, { config })
    const { hired_instance_id: id } = (await draft({})).json
    await draft(marketingConfig)
    await acme.call("POST", `/hired-agents/${id}/finalize`, {})
    await hiring.call("POST", `${base}/subscriptions/${subscription_id}/past-due`, operator)
    await acme.activate(subscription_id)
    await acme.call("POST", `/subscriptions/${subscription_id}/cancel`, { at_period_end: false })
    await acme.call("POST", `/hired-agents/${id}/deactivate`, {})
    const hires = (await follow(hiring, cursor)).items.filter(({ type }) => type === "hire")
    assert.deepStrictEqual(hires.map(({ reason, runnable }) => [runnable, reason]), [
      [false, "The hired agent is not configured: see its missing fields"],
      [false, "The hired agent is not finalized"],
      [true, null],
      [false, "The subscription is past due"],
      [true, null],
      [false, "The subscription is canceled"],
      [false, "The hired agent is deactivated"],
    ])
    const versions = hires.map(({ version }) => version)
    assert.deepStrictEqual(versions, [...new Set(versions)].sort((a, b) => a - b))
  })

  it("C3: a transaction that stays open, here or in another database, holds no committed change back", async () => {
    const cursor = await feedEnd(hiring)
    const acme = customerOf(hiring)
    await hiring.sql((sql) =>
      Effect.gen(function* () {
        const written = yield* Deferred.make<void>()
        const mayCommit = yield* Deferred.make<void>()
        const older = yield* Effect.gen(function* () {
          const change = {
            type: "subscription",
            subscription_id: "SUB-older",
            customer_id: acme.name,
            status: "active",
            version: 1,
          }
          yield* sql`insert into hiring_outbox (kind, payload) values ('subscription', ${sql.json(change)})`
          yield* Deferred.succeed(written, undefined)
          yield* Deferred.await(mayCommit)
        }).pipe(sql.withTransaction, Effect.forkChild)
        yield* Deferred.await(written)
        const later = (yield* Effect.promise(() => acme.subscribe())).json.subscription_id
        const { json } = yield* Effect.promise(() => changes(`after=${cursor}`))
        assert.deepStrictEqual(json.items.map((one: { subscription_id: string }) => one.subscription_id), [later])
        yield* Deferred.succeed(mayCommit, undefined)
        yield* Fiber.join(older)
        const { items } = yield* Effect.promise(() => follow(hiring, json.cursor))
        assert.deepStrictEqual(items.map((one) => one.subscription_id), ["SUB-older"])
      })
    )
  })

  it("under many writers a follower sees every change once, each hire's in the order of its versions", async () => {
    const start = await feedEnd(hiring)
    const acme = customerOf(hiring)
    const hires = await Promise.all(Array.from({ length: 6 }, () => acme.hired()))
    const following = followUntil(hiring, start, "SUB-last", 7)
    const made = await Promise.all(
      hires.flatMap(({ hired_instance_id }) => Array.from({ length: 15 }, () => acme.putGoal(hired_instance_id))),
    )
    await mark(hiring, "SUB-last")
    const seen = (await following).items
    const goals = seen.filter(({ type }) => type === "goal").map(({ goal_instance_id }) => goal_instance_id)
    assert.sameMembers(goals, made.map(({ json }) => json.goal_instance_id))
    for (const { hired_instance_id } of hires) {
      const versions = seen.filter((one) => one.type === "hire" && one.hired_instance_id === hired_instance_id)
        .map(({ version }) => version)
      assert.deepStrictEqual(versions, [...versions].sort((a, b) => a - b))
    }
  })

  it("when the listener's connection breaks, readers poll, and are notified again once it is back", async () => {
    const acme = customerOf(hiring)
    const listening = () =>
      hiring.sql((sql) =>
        sql<{ pid: number }>`
          select pid from pg_stat_activity
          where datname = current_database() and application_name = 'stint-hiring' and query ilike 'listen%'`
      )
    const [before] = await eventually("the service listens", listening, (rows) => rows.length === 1)
    const nextChange = async () => {
      const waiting = changes(`after=${await feedEnd(hiring)}&wait_ms=10000`)
      const { subscription_id } = (await acme.subscribe()).json
      assert.strictEqual((await waiting).json.items[0].subscription_id, subscription_id)
    }
    await hiring.sql((sql) => sql`select pg_terminate_backend(${before!.pid})`)
    await nextChange()
    await eventually("it listens again", listening, (rows) => rows.length === 1 && rows[0]!.pid !== before!.pid)
    await nextChange()
  })

  it("D17: a cursor of 0.2.0 goes on where it was, though its reader met another replica before", async () => {
    const acme = customerOf(hiring)
    const { subscription_id: old } = (await acme.subscribe()).json
    await feedEnd(hiring)
    const made = [await acme.subscribe(), await acme.subscribe()].map(({ json }) => json.subscription_id)
    // a change that nobody has read yet has no place: the other replica's reader would meet it once more
    await feedEnd(hiring)
    const [first] = await hiring.sql((sql) =>
      sql<{ cursor: string }>`
        select xid || '.' || seq as cursor from hiring_outbox where payload->>'subscription_id' = ${made[0]}
        order by xid desc, seq desc limit 1`
    )
    const { json, status } = await changes(`after=${first!.cursor}`)
    assert.strictEqual(status, 200)
    const seen = json.items.map((one: { subscription_id?: string }) => one.subscription_id)
    assert.include(seen, made[1])
    // what a transaction that overlapped wrote may be repeated, nothing from before
    assert.notInclude(seen, old)
    // no transaction has it soon, of whatever database of the cluster
    const [future] = await hiring.sql((sql) =>
      sql<{ xid: string }>`select (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1000000000)::text as xid`
    )
    assert.strictEqual((await changes(`after=${future!.xid}.1`)).json.code, "feed_cursor_gone")
  })

  it("what is older than seven days goes at the next start, and a cursor before it is gone", async () => {
    const before = await feedEnd(hiring)
    const acme = customerOf(hiring)
    await acme.subscribe()
    const { cursor: kept } = await follow(hiring, before)
    await hiring.ownerSql((sql) =>
      sql`
        update hiring_outbox set created_at = now() - interval '8 days'
        where position <= (select position from hiring_feed_sequence)`
    )
    const { subscription_id } = (await acme.subscribe()).json
    const replica = await hiring.replica()
    await eventually("the old changes are gone", () => changes("after=0.0"), ({ status }) => status === 410)
    for (const after of ["0.0", before]) {
      const gone = await changes(`after=${after}`)
      assert.deepStrictEqual([gone.status, gone.json.code], [410, "feed_cursor_gone"])
    }
    assert.deepStrictEqual((await follow(hiring, kept)).items.map((one) => one.subscription_id), [subscription_id])
    const { json } = await hiring.call("GET", `${base}/goal-changes/snapshot`, scheduler)
    assert.strictEqual((await changes(`after=${json.feed_cursor}`)).status, 200)
    await replica.dispose()
  })

  it("a reader that waits is answered when the service drains", async () => {
    const replica = await hiring.replica()
    const cursor = await feedEnd(hiring)
    const waiting = replica.call("GET", `${base}/goal-changes?after=${cursor}&wait_ms=20000`, scheduler)
    await replica.drain()
    assert.deepStrictEqual((await waiting).json, { items: [], cursor })
    await replica.dispose()
  })

  it("a lookup takes a thousand goals, and no more", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } = await acme.hired()
    await hiring.sql((sql) =>
      sql`
        insert into goal_instances (goal_instance_id, hired_instance_id, goal_template_id, frequency, settings, created_at,
          updated_at)
        select 'GOI-many-' || n, ${id}, 'marketing.daily_micro_post.v1', 'daily', '{"topic": "Sleep"}', now(), now()
        from generate_series(1, 1000) n`
    )
    const ids = Array.from({ length: 1000 }, (_, n) => `GOI-many-${n + 1}`)
    const lookup = (goal_instance_ids: ReadonlyArray<string>) =>
      hiring.call("POST", `${base}/goals/lookup`, { ...scheduler, body: { goal_instance_ids } })
    const { json } = await lookup(ids)
    assert.sameMembers(json.goals.map((one: { goal_instance_id: string }) => one.goal_instance_id), ids)
    assert.deepStrictEqual(json.hires.map((one: { hired_instance_id: string }) => one.hired_instance_id), [id])
    assert.strictEqual((await lookup([...ids, "GOI-1"])).status, 400)
  })
})
