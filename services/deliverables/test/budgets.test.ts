/** Budgets of hires: exact whatever calls come at the same time, and by the month of the hire's zone. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it, layer } from "@effect/vitest"
import type { Budget } from "@stint/domain/Definition/HireSettings"
import { Effect, Layer, Schema } from "effect"
import { cloneDatabase } from "../../../tests/support/Database.ts"
import { monthOf, overBudget } from "../src/Makings/Budget.ts"
import { MakingsRepo } from "../src/Makings/Repo.ts"

const MONTH = "2026-03"
let hires = 0

/** The repo with several connections, and the owner's hand. */
const Ground = Layer.unwrap(Effect.gen(function* () {
  const { databaseUrl, migrateUrl } = yield* cloneDatabase("deliverables")
  return Layer.merge(
    MakingsRepo.layer.pipe(Layer.provide(PgClient.layer({ url: databaseUrl, maxConnections: 8 }))),
    PgClient.layer({ url: migrateUrl, maxConnections: 1 }),
  )
}))

/** Makings of a new hire that are under way, as their claims. */
const claimed = Effect.fnUntraced(function* (count: number) {
  const sql = yield* PgClient.PgClient
  const hire = `HAI-${++hires}`
  yield* sql`insert into makings (idempotency_key, customer_id, agent_id, definition_version, hired_instance_id, goal_instance_id,
      goal_template_id, scheduled_time, input, place, timeout_seconds, state, deadline, lease_until, fence)
    select ${hire} || ':' || n, 'acme', 't', '1.0.0', ${hire}, 'GOI-1', 't', now(), '{}', 'model:writer', 60, 'making', now(),
      now() + interval '1 hour', n
    from generate_series(1, ${count}::int) n`
  const held = Array.from({ length: count }, (_, n) => ({ idempotency_key: `${hire}:${n + 1}`, fence: n + 1 }))
  return { hire, held }
})

/** What the month of a hire says, and what its calls add up to. */
const costsOf = Effect.fnUntraced(function* (hire: string) {
  const sql = yield* PgClient.PgClient
  const [row] = yield* sql<{ counted: number; spent: number; calls: number }>`
    select (select coalesce(sum(cost), 0)::float8 from making_costs where hired_instance_id = ${hire}) as counted,
      (select coalesce(sum(coalesce(cost, max_cost)), 0)::float8 from making_calls where hired_instance_id = ${hire}) as spent,
      (select count(*)::int from making_calls where hired_instance_id = ${hire}) as calls`
  return row!
})

const callOf = (max_cost: number, max_tokens = 0) => ({ place: "model:writer", model: "m", max_cost, max_tokens })
const unlimited: Budget = { cost: null, tokens: null }

const Plan = Schema.Array(Schema.Struct({
  max: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 400 })),
  /** Of its most what it used, in hundredths; beyond them nobody knows. */
  used: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 130 })),
})).check(Schema.isMinLength(1), Schema.isMaxLength(30))

layer(Ground)("the record of calls", (it) => {
  it.effect.prop(
    "never passes the budget, whatever calls begin and end at the same time, and its sum is that of its calls",
    { plan: Plan, limit: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3_000 })) },
    ({ limit, plan }) =>
      Effect.gen(function* () {
        const repo = yield* MakingsRepo
        const { held, hire } = yield* claimed(plan.length)
        const outcomes = yield* Effect.forEach(plan, ({ max, used }, n) =>
          Effect.gen(function* () {
            const id = `CAL-${hire}-${n}`
            const record = yield* repo.record(held[n]!, id, callOf(max), MONTH, { cost: limit, tokens: null })
            if (record === "recorded" && used <= 100) {
              const cost = Math.floor(max * used / 100)
              yield* repo.endCall(id, { outcome: "answered", tokens_in: 1, tokens_out: 1, cost })
              // a second end changes nothing
              yield* repo.endCall(id, { outcome: "failed", tokens_in: 9, tokens_out: 9, cost: 0 })
            }
            assert.isAtMost((yield* costsOf(hire)).counted, limit)
            return record
          }), { concurrency: "unbounded" })
        const { calls, counted, spent } = yield* costsOf(hire)
        assert.strictEqual(counted, spent)
        assert.isAtMost(spent, limit)
        assert.strictEqual(calls, outcomes.filter((record) => record === "recorded").length)
        // what was refused did not fit at some time: alone none of them passes the budget by what is settled now
        const smallest = Math.min(...plan.filter((_, n) => outcomes[n] !== "recorded").map(({ max }) => max))
        const reserved = plan.filter((_, n) => outcomes[n] === "recorded").reduce((sum, { max }) => sum + max, 0)
        if (Number.isFinite(smallest)) assert.isAbove(reserved + smallest, limit)
      }),
    { arbitrary: { runs: 12 } },
  )

  it.effect("spends a budget to the last millionth by calls that use their most, and refuses every other", () =>
    Effect.gen(function* () {
      const repo = yield* MakingsRepo
      const { held, hire } = yield* claimed(60)
      const records = yield* Effect.forEach(
        held,
        (one, n) => repo.record(one, `CAL-${hire}-${n}`, callOf(7), MONTH, { cost: 7 * 20, tokens: null }),
        {
          concurrency: "unbounded",
        },
      )
      assert.strictEqual(records.filter((record) => record === "recorded").length, 20)
      assert.strictEqual(records.filter((record) => record === "over budget").length, 40)
      assert.deepStrictEqual(yield* costsOf(hire), { counted: 140, spent: 140, calls: 20 })
      // another month has a budget of its own
      assert.strictEqual(
        yield* repo.record(held[0]!, "CAL-next", callOf(7), "2026-04", { cost: 140, tokens: null }),
        "recorded",
      )
    }))

  it.effect("counts the tokens of all calls for a run, those without an end with their most", () =>
    Effect.gen(function* () {
      const repo = yield* MakingsRepo
      const { held: [one, other], hire } = yield* claimed(2)
      const record = (n: number, tokens: number, held = one!) =>
        repo.record(held, `CAL-${hire}-${n}`, callOf(0, tokens), MONTH, { cost: null, tokens: 1_000 })
      assert.strictEqual(yield* record(1, 600), "recorded")
      assert.strictEqual(yield* record(2, 500), "over budget")
      yield* repo.endCall(`CAL-${hire}-1`, { outcome: "answered", tokens_in: 300, tokens_out: 200, cost: 0 })
      assert.strictEqual(yield* record(3, 501), "over budget")
      assert.strictEqual(yield* record(4, 500), "recorded")
      assert.strictEqual(yield* record(5, 1), "over budget")
      assert.strictEqual(yield* record(6, 1_000, other!), "recorded")
    }))

  it.effect("is refused to a claim that was lost, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const repo = yield* MakingsRepo
      const { held: [one], hire } = yield* claimed(1)
      assert.strictEqual(yield* repo.record({ ...one!, fence: 99 }, "CAL-lost", callOf(5), MONTH, unlimited), "lost")
      assert.deepStrictEqual(yield* costsOf(hire), { counted: 0, spent: 0, calls: 0 })
      assert.strictEqual(yield* repo.record(one!, "CAL-kept", callOf(5), MONTH, unlimited), "recorded")
    }))
})

describe("the month of a call", () => {
  it.each([
    ["2026-02-28T18:29:59.999Z", "Asia/Kolkata", "2026-02"],
    ["2026-02-28T18:30:00.000Z", "Asia/Kolkata", "2026-03"],
    ["2026-03-01T04:59:59.999Z", "America/New_York", "2026-02"],
    ["2026-01-01T00:00:00.000Z", undefined, "2026-01"],
    ["2025-12-31T23:59:59.999Z", "no zone", "2025-12"],
  ])("%s in %s is in %s", (at, timezone, month) => {
    assert.strictEqual(monthOf(timezone === undefined ? {} : { timezone }, Date.parse(at)), month)
  })
})

it("a refusal names the limits that there are", () => {
  assert.strictEqual(
    overBudget({ cost: 12_500_000, tokens: 20_000 }).detail,
    "One more call could pass the hire's budget of 12.5 a month and 20000 tokens a run",
  )
})
