/** D24: lists of deliverables by all that a person may ask for; each reads about as many rows as it shows, whatever there is. */
import { PgClient } from "@effect/sql-pg"
import { assert, it, layer } from "@effect/vitest"
import { AgentTypeId, CustomerId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { readable } from "@stint/edge/Paging"
import { DateTime, Effect, Layer } from "effect"
import { cloneDatabase } from "../../../tests/support/Database.ts"
import { DeliverablesRepo, type Listing } from "../src/Deliverables/Repo.ts"
import { onStage } from "./support/Harness.ts"

const ids = (answer: { json: { items: Array<{ deliverable_id: string }> } }) =>
  answer.json.items.map((d) => d.deliverable_id)
const day = (n: number) => `2026-03-0${n}T09:00:00.000Z`

onStage("lists of deliverables", (stage) => {
  it("D24: are by customer, agent type, goal, hire, status and time; over all customers for who sees all", async () => {
    const { call, drafted, review, sql, world } = stage()
    world.goal("GOI-l1", world.hire("HAI-l1", { customer_id: "one" as never }))
    world.goal("GOI-l2", "HAI-l1")
    world.goal("GOI-l3", world.trader("HAI-l3", { customer_id: "two" as never }), "trading.guardrail_report.v1")
    const made = [
      await drafted("GOI-l1", day(1)),
      await drafted("GOI-l2", day(2)),
      await drafted("GOI-l3", day(3)),
    ].map(({ deliverable_id }) => deliverable_id)
    const [a, b, c] = made
    await sql("alter table deliverables disable trigger deliverables_keep_content")
    for (const [n, id] of made.entries()) {
      await sql("update deliverables set created_at = $1::timestamptz where deliverable_id = $2", [day(n + 1), id])
    }
    await sql("alter table deliverables enable trigger deliverables_keep_content")
    await review(a!, "rejected", "customer:one")
    const list = async (query: string, as: `${"customer" | "operator" | "viewer"}:${string}` = "operator:olga") => {
      const answer = await call("GET", `/api/v1/deliverables?${query}`, { as })
      assert.strictEqual(answer.status, 200, JSON.stringify(answer.json))
      return ids(answer)
    }
    const all = [c, b, a]
    assert.deepStrictEqual(await list(""), all)
    assert.deepStrictEqual(await list("", "viewer:vic"), all)
    assert.deepStrictEqual(await list("", "customer:one"), [b, a])
    assert.deepStrictEqual(await list("customer_id=two"), [c])
    assert.deepStrictEqual(await list("goal_instance_id=GOI-l1"), [a])
    assert.deepStrictEqual(await list("hired_instance_id=HAI-l1"), [b, a])
    assert.deepStrictEqual(await list("agent_id=marketing.healthcare.v1"), [b, a])
    assert.deepStrictEqual(await list("agent_id=trading.delta_futures.v1"), [c])
    assert.deepStrictEqual(await list("review_status=pending_review"), [c, b])
    assert.deepStrictEqual(await list(`from=${day(2)}&to=${day(3)}`), [b])
    assert.deepStrictEqual(await list(`hired_instance_id=HAI-l1&to=${day(2)}&review_status=rejected`), [a])
    // what is another customer's does not exist
    assert.deepStrictEqual(await list("goal_instance_id=GOI-l1", "customer:two"), [])
    assert.deepStrictEqual(await list("agent_id=marketing.healthcare.v1", "customer:two"), [])
    const other = await call("GET", "/api/v1/deliverables?customer_id=one", { as: "customer:two" })
    assert.deepStrictEqual([other.status, other.json.code], [404, "customer_not_found"])
    const paged: Array<string> = []
    for (let cursor = "";;) {
      const page = await call("GET", `/api/v1/deliverables?limit=1${cursor}`, { as: "operator:olga" })
      paged.push(...ids(page))
      if (page.json.next_cursor === null) break
      cursor = `&cursor=${page.json.next_cursor}`
    }
    assert.deepStrictEqual(paged, all)
    for (const bad of ["from=yesterday", "to=1", "hired_instance_id=%00", "goal_instance_id=%00", "agent_id=%00"]) {
      assert.strictEqual((await call("GET", `/api/v1/deliverables?${bad}`, { as: "operator:o" })).status, 400, bad)
    }
  })
})

/** How many deliverables there are: of 100 customers with 2 hires each, of 5 agent types, and 1000 goals. */
const ROWS = 100_000
const LIMIT = 50
/** How many more one customer has. */
const LARGE = 36_000

const fill = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* sql`insert into deliverables (deliverable_id, hired_instance_id, goal_instance_id, goal_template_id, title, payload,
      idempotency_key, customer_id, agent_id, scheduled_time, approval_required, created_at, updated_at, review_status)
    select 'DEL-' || n, 'HAI-' || n % 200, 'GOI-' || n % 1000, 't', 't', jsonb_build_object('type', 'generic_deliverable_v1',
      'draft_only', true, 'goal_template_id', 't', 'goal_instance_id', 'GOI-' || n % 1000, 'body', 'b', 'intent_action', 'publish'),
      'key-' || n, 'c' || n % 100, 'type' || n % 5, now(), true, '2026-01-01'::timestamptz + n * interval '1 second', now(),
      case when n % 3000 = 0 then 'rejected' else 'pending_review' end
    from generate_series(1, ${ROWS}::int) n`
  // one customer's of 3 hires: the first of a rare type; a third expires within a month, the newest last
  yield* sql`insert into deliverables (deliverable_id, hired_instance_id, goal_instance_id, goal_template_id, title, payload,
      idempotency_key, customer_id, agent_id, scheduled_time, approval_required, created_at, updated_at, expires_at)
    select 'DEL-large-' || n, 'HAI-large-' || hire, 'GOI-large-' || n % 200, 't', 't', payload, 'large-' || n, 'large',
      case when hire = 0 then 'rare' else 'type3' end, now(), true, '2025-01-01'::timestamptz + n * interval '1 second', now(),
      case when n % 3 = 0 then now() + n * interval '72 seconds' end
    from generate_series(1, ${LARGE}::int) n, lateral (select case when n % 500 = 3 then 0 else 1 + n % 2 end as hire) h,
      (select payload from deliverables where deliverable_id = 'DEL-1') d`
  // as autovacuum does, so that an index alone tells what it has
  yield* sql`vacuum analyze deliverables`.unprepared
})

/** The repo on a database of its own, filled. */
const filled = Layer.effectDiscard(Effect.suspend(() => fill)).pipe(
  Layer.provideMerge(DeliverablesRepo.layer),
  Layer.provideMerge(Layer.unwrap(Effect.map(
    cloneDatabase("deliverables"),
    ({ migrateUrl: url }) => PgClient.layer({ url, maxConnections: 1 }),
  ))),
)

/** How many rows of the table were read since this connection began. */
const read = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* sql`select pg_stat_force_next_flush()`
  const [row] = yield* sql<{ rows: number }>`select (seq_tup_read + idx_tup_fetch)::int as rows from pg_stat_user_tables
    where relname = 'deliverables'`
  return row!.rows
})

/** How many entries of its indexes. */
const entriesRead = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  yield* sql`select pg_stat_force_next_flush()`
  const [row] = yield* sql<{ entries: number }>`select sum(idx_tup_read)::int as entries from pg_stat_user_indexes
    where relname = 'deliverables'`
  return row!.entries
})

const any: Listing = {
  customer_id: null,
  agent_id: null,
  goal_instance_id: null,
  hired_instance_id: null,
  review_status: null,
  execution_status: null,
  expiring: false,
  from: null,
  to: null,
  search: null,
  after: null,
  limit: LIMIT,
}
const at = (second: number) => DateTime.makeUnsafe(Date.parse("2026-01-01T00:00:00Z") + second * 1000)

layer(filled, { timeout: 120_000 })("lists of many deliverables", (it) => {
  const cases: Record<string, Partial<Listing>> = {
    "all": {},
    "a customer's": { customer_id: CustomerId.make("c7") },
    "an agent type's": { agent_id: AgentTypeId.make("type3") },
    "an agent type's, which has none": { agent_id: AgentTypeId.make("unused.v1") },
    "a goal's": { goal_instance_id: GoalInstanceId.make("GOI-77") },
    "a hire's": { hired_instance_id: HiredInstanceId.make("HAI-7") },
    "those to review": { review_status: "pending_review" },
    "those of an hour": { from: at(30_000), to: at(33_600) },
    "an agent type's of an hour": { agent_id: AgentTypeId.make("type3"), from: at(30_000), to: at(33_600) },
    "a goal's of long ago": { goal_instance_id: GoalInstanceId.make("GOI-77"), to: at(20_000) },
    "the middle of all": { after: { created_at: at(50_000), deliverable_id: "DEL-50000" as never } },
  }
  it.effect("D24: read about as many rows as they show, by an index", () =>
    Effect.gen(function* () {
      const repo = yield* DeliverablesRepo
      for (const [name, listing] of Object.entries(cases)) {
        const before = yield* read
        const found = readable(yield* repo.list({ ...any, ...listing }))
        const rows = (yield* read) - before
        assert.strictEqual(found.length, name.includes("none") ? 0 : name === "a goal's of long ago" ? 20 : LIMIT, name)
        // a fifth of all are of the type: the planner may walk over the others
        assert.isAtMost(rows, 6 * LIMIT, `${name}: ${rows} rows`)
      }
      const rare = yield* repo.list({ ...any, review_status: "rejected" })
      assert.strictEqual(readable(rare).length, 33)
    }))

  const large = { customer_id: CustomerId.make("large") }
  const rare = { agent_id: AgentTypeId.make("rare") }
  const common = { agent_id: AgentTypeId.make("type3") }
  const goal = { goal_instance_id: GoalInstanceId.make("GOI-large-33") }
  const hire = { hired_instance_id: HiredInstanceId.make("HAI-large-2") }
  /** Of the last hour that it made some in. */
  const hour = { from: at(-31_536_000 + LARGE - 3_600), to: at(-31_536_000 + LARGE) }
  /** What expires within a day: every third of the 1,200 that do so in turn. */
  const SOON = 400
  const byExpiry: Record<string, readonly [which: Partial<Listing>, entries: number]> = {
    "all": [{}, 0],
    "a rare type's": [rare, 0],
    "a common type's": [common, 0],
    "a goal's": [goal, 200],
    "a hire's": [hire, 0],
    "a hire's of another type": [{ ...hire, ...rare }, 0],
    "a goal's of another hire": [{ ...goal, hired_instance_id: HiredInstanceId.make("HAI-large-9") }, 200],
    "those of an hour": [hour, 2 * 3_600],
    "those that expire within a day": [{ expiring: true }, 0],
  }
  const newest: Record<string, readonly [which: Partial<Listing>, entries: number]> = {
    "those that expire within a day": [{ expiring: true }, SOON],
    "a common type's that expire within a day": [{ expiring: true, ...common }, SOON],
    "a rare type's that expire within a day": [{ expiring: true, ...rare }, SOON],
    "a hire's that expire within a day": [{ expiring: true, ...hire }, SOON],
    "a hire's of another type that expire within a day": [{ expiring: true, ...hire, ...rare }, 0],
    "a goal's that expire within a day": [{ expiring: true, ...goal }, SOON],
    "those that have expired": [{ review_status: "expired" }, 0],
  }
  it.effect(
    "D24: of a customer with very many that wait, by expiry or what expires soon, read as many entries as they show, or sort",
    () =>
      Effect.gen(function* () {
        const repo = yield* DeliverablesRepo
        const sql = yield* PgClient.PgClient
        const wanted = (which: Partial<Listing>, order: "expiry" | "created") => {
          const { agent_id, expiring, from, goal_instance_id, hired_instance_id, review_status, to } = {
            ...any,
            ...which,
          }
          return Effect.map(
            sql<{ id: string }>`select deliverable_id as id from deliverables where customer_id = 'large'
            and coalesce(agent_id = ${agent_id}::text, true) and coalesce(goal_instance_id = ${goal_instance_id}::text, true)
            and coalesce(hired_instance_id = ${hired_instance_id}::text, true)
            and coalesce(created_at >= ${from === null ? null : DateTime.formatIso(from)}::timestamptz, true)
            and coalesce(created_at < ${to === null ? null : DateTime.formatIso(to)}::timestamptz, true)
            and case when ${
              review_status === "expired"
            } then expires_at <= now() else coalesce(expires_at > now(), true) end
            and (not ${expiring} or expires_at <= now() + interval '1 day')
            order by ${
              order === "expiry" ? sql`expires_at nulls last, created_at` : sql`created_at desc`
            } limit ${LIMIT}`,
            (rows) => rows.map(({ id }) => id),
          )
        }
        for (const [order, cases] of [["expiry", byExpiry], ["created", newest]] as const) {
          for (const [name, [which, more]] of Object.entries(cases)) {
            const listing = { ...any, ...which, ...large }
            const list = order === "expiry" ? repo.listByExpiry({ ...listing, after: null }) : repo.list(listing)
            const before = yield* entriesRead
            const found = readable(yield* list).map(({ deliverable_id }) => deliverable_id as string)
            const entries = (yield* entriesRead) - before
            assert.deepStrictEqual(found, yield* wanted(which, order), `${name}, ${order}`)
            // two lists of each of three hires, and the rows of those that are shown
            assert.isAtMost(entries, more + 10 * LIMIT, `${name}, ${order}: ${entries} entries`)
          }
        }
      }),
  )
})
