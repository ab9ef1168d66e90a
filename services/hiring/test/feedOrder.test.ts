/** The order of the feed: writers that overlap, readers that begin meanwhile, and databases that were restored. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import { Deferred, Effect, Fiber, Redacted } from "effect"
import { base, customerOf, feedEnd, follow, type Hiring, mark, scheduler, startHiring } from "./Harness.ts"

// deno-lint-ignore no-explicit-any
type Change = any

describe("the order of the feed", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())
  const changes = (query: string) => hiring.call("GET", `${base}/goal-changes?${query}`, scheduler)

  /** Reads a whole snapshot in small pages, then the feed until `isDone`; each hire's versions in the order they came. */
  const beginning = async (isDone: () => boolean, limit: number) => {
    const seen = new Map<string, Array<number>>()
    const take = (items: ReadonlyArray<Change>) => {
      for (const one of items) {
        if (one.type !== "hire") continue
        seen.set(one.hired_instance_id, [...seen.get(one.hired_instance_id) ?? [], one.version])
      }
    }
    let cursor = ""
    for (let next: string | null = ""; next !== null;) {
      const { json }: { json: Change } = await hiring.call(
        "GET",
        `${base}/goal-changes/snapshot?limit=${limit}${next === "" ? "" : `&next=${next}`}`,
        scheduler,
      )
      take(json.items)
      next = json.next
      cursor = json.feed_cursor
    }
    const snapshot = new Map([...seen].map(([id, versions]) => [id, versions.at(-1)!]))
    while (true) {
      const last = isDone()
      const { json, status } = await changes(`after=${cursor}&limit=${limit}&wait_ms=100`)
      assert.strictEqual(status, 200)
      take(json.items)
      cursor = json.cursor
      if (last && json.items.length === 0) return { seen, snapshot }
    }
  }

  it("C3: writers that overlap at random: every reader gets each change once, each hire's in order, none lost", async () => {
    const acme = customerOf(hiring)
    const hires = await Promise.all(Array.from({ length: 5 }, () => acme.hired()))
    let done = false
    const writing = hiring.sql((_) =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        const write = (n: number) =>
          Effect.gen(function* () {
            const { hired_instance_id, subscription_id } = hires[n % hires.length]!
            yield* sql`select from subscriptions where subscription_id = ${subscription_id} for update`
            const [row] = yield* sql<Change>`
              update hired_agents set version = version + 1
              where hired_instance_id = ${hired_instance_id}
              returning version::int, hired_instance_id, subscription_id, customer_id, agent_id`
            const change = {
              ...row,
              type: "hire",
              changed_at: "2026-01-01T00:00:00.000Z",
              timezone: "UTC",
              runnable: true,
              reason: null,
            }
            yield* sql`insert into hiring_outbox (kind, payload) values ('hire', ${sql.json(change)})`
            yield* sql`delete from unannounced_hires where hired_instance_id = ${hired_instance_id}`
            yield* sql`select pg_notify('hiring_outbox', ''), pg_sleep(random() / 50)`
          }).pipe(sql.withTransaction)
        yield* Effect.forEach(Array.from({ length: 300 }, (_, n) => n), write, { concurrency: 8 })
      }).pipe(Effect.provide(PgClient.layer({ url: Redacted.make(hiring.databaseUrl), maxConnections: 8 })))
    ).finally(() => done = true)
    const readers = [1, 3, 500].map((limit) => beginning(() => done, limit))
    await writing
    const rows = await hiring.sql((sql) =>
      sql<{ id: string; version: number }>`select hired_instance_id as id, version::int from hired_agents`
    )
    const stored = new Map(rows.map(({ id, version }) => [id, version]))
    for (const { seen, snapshot } of await Promise.all(readers)) {
      for (const { hired_instance_id: id } of hires) {
        const versions = seen.get(id)!
        assert.strictEqual(Math.max(...versions), stored.get(id))
        // What the feed brings after the snapshot repeats what is in it at most, and misses nothing
        const news = versions.slice(1).filter((version) => version > snapshot.get(id)!)
        const from = snapshot.get(id)! + 1
        assert.deepStrictEqual(news, Array.from({ length: stored.get(id)! - from + 1 }, (_, n) => from + n))
      }
    }
    const [places] = await hiring.sql((sql) =>
      sql`select count(*)::int as n, count(distinct position)::int as d, max(position)::int as last from hiring_outbox`
    )
    assert.deepStrictEqual({ ...places }, { n: places!.n, d: places!.n, last: places!.n })
  })

  it("C3: two replicas that place changes at once give each one position", async () => {
    const replica = await hiring.replica()
    const cursor = await feedEnd(hiring)
    const acme = customerOf(hiring)
    const reading = [hiring, replica, hiring, replica].map(async (one) => {
      const ids: Array<string> = []
      for (let after = cursor; ids.length < 30;) {
        const { json } = await one.call("GET", `${base}/goal-changes?after=${after}&wait_ms=5000`, scheduler)
        ids.push(...json.items.map((item: Change) => item.subscription_id))
        after = json.cursor
      }
      return ids
    })
    const made = (await Promise.all(Array.from({ length: 30 }, () => acme.subscribe()))).map(({ json }) =>
      json.subscription_id
    )
    const [first, ...others] = await Promise.all(reading)
    assert.sameMembers(first!, made)
    for (const other of others) assert.deepStrictEqual(other, first)
    await replica.dispose()
  })

  it("C4: a cursor of changes that a restore took away is gone, also once the feed has grown past it", async () => {
    const before = await feedEnd(hiring)
    await mark(hiring)
    const ahead = await feedEnd(hiring)
    // As a dump of the moment `before` has it
    await hiring.ownerSql((sql) =>
      Effect.gen(function* () {
        const [{ n }] = (yield* sql<{ n: bigint }>`
          select (split_part(${before}, '.', 2)::bigint - (1::bigint << 62)) >> 22 as n`) as [{ n: bigint }]
        yield* sql`alter table hiring_outbox disable trigger user`
        yield* sql`delete from hiring_outbox where position > ${n}`
        yield* sql`alter table hiring_outbox enable trigger user`
        yield* sql`
          update hiring_feed_sequence s set position = o.position, mark = o.mark from hiring_outbox o where o.position = ${n}`
      }).pipe(sql.withTransaction)
    )
    const refused = async () => {
      const { json, status } = await changes(`after=${ahead}`)
      assert.deepStrictEqual([status, json.code], [410, "feed_cursor_gone"])
      assert.include(json.detail, "restored")
    }
    await refused()
    const acme = customerOf(hiring)
    for (let n = 0; n < 5; n++) await acme.subscribe()
    assert.lengthOf((await follow(hiring, before)).items, 5)
    await refused()
    const metrics = await (await hiring.fetch(new Request("http://stint.test/metrics"))).text()
    assert.include(metrics, `stint_hiring_feed_cursors_refused_total{reason="restored"} 2`)
    const alerts = await hiring.ownerSql((sql) =>
      sql<{ message: string }>`select message from alerts where kind = 'restored'`
    )
    assert.lengthOf(alerts, 1)
    assert.include(alerts[0]!.message, "db reconcile")
  })

  it("C5: after a logical restore into a younger cluster the feed goes on, and a reader needs no second snapshot", async () => {
    const acme = customerOf(hiring)
    await acme.subscribe()
    await feedEnd(hiring)
    // The rows keep their old, larger transaction ids; those of new rows begin anew
    await hiring.ownerSql((sql) =>
      Effect.gen(function* () {
        yield* sql`update hiring_outbox set xid = (xid::text::numeric + 1000000000000)::text::xid8`
        yield* sql`update hiring_feed_floor set xid = '2000000000000'`
      })
    )
    const { json: { feed_cursor } } = await hiring.call("GET", `${base}/goal-changes/snapshot?limit=1000`, scheduler)
    const { subscription_id } = (await acme.subscribe()).json
    const page = await changes(`after=${feed_cursor}&wait_ms=5000`)
    assert.deepStrictEqual(page.json.items.map((one: Change) => one.subscription_id), [subscription_id])
    assert.strictEqual((await changes(`after=${page.json.cursor}`)).status, 200)
  })

  it("0.2.0 beside: its cursor is gone, and ours leaves out nothing where it reads by (xid, seq)", async () => {
    assert.strictEqual((await changes("after=12345.6")).status, 410)
    const acme = customerOf(hiring)
    const cursor = await feedEnd(hiring)
    await hiring.sql((sql) =>
      Effect.gen(function* () {
        const written = yield* Deferred.make<void>()
        const mayCommit = yield* Deferred.make<void>()
        const change = {
          type: "subscription",
          subscription_id: "SUB-open",
          customer_id: "x",
          status: "active",
          version: 1,
        }
        const open = yield* sql`insert into hiring_outbox (kind, payload) values ('subscription', ${sql.json(change)})`
          .pipe(
            Effect.andThen(Deferred.succeed(written, undefined)),
            Effect.andThen(Deferred.await(mayCommit)),
            sql.withTransaction,
            Effect.forkChild,
          )
        yield* Deferred.await(written)
        yield* Effect.promise(() => acme.subscribe())
        const { json } = yield* Effect.promise(() => changes(`after=${cursor}`))
        assert.lengthOf(json.items, 1)
        yield* Deferred.succeed(mayCommit, undefined)
        yield* Fiber.join(open)
        const [xid, seq] = json.cursor.split(".")
        // The statement of 0.2.0
        const rows = yield* sql<{ id: string }>`
          select payload->>'subscription_id' as id from hiring_outbox o
          where (o.xid, o.seq) > (${xid}::text::xid8, ${seq}::text::bigint)`
        assert.include(rows.map(({ id }) => id), "SUB-open")
      })
    )
  })

  it("what 0.2.0 prunes moves the floor, and what it prunes before it had a position makes every reader begin again", async () => {
    const before = await feedEnd(hiring)
    await customerOf(hiring).subscribe()
    const { cursor } = await follow(hiring, before)
    await hiring.sql((sql) => sql`delete from hiring_outbox`)
    assert.strictEqual((await changes(`after=${before}`)).status, 410)
    assert.strictEqual((await changes(`after=${cursor}`)).status, 200)
    await mark(hiring)
    await hiring.sql((sql) => sql`delete from hiring_outbox where position is null`)
    assert.strictEqual((await changes(`after=${cursor}`)).status, 410)
    const { json } = await hiring.call("GET", `${base}/goal-changes/snapshot?limit=1000`, scheduler)
    assert.strictEqual((await changes(`after=${json.feed_cursor}`)).status, 200)
  })
})
