/** Reports: what they count, held against a calculation by hand, and who reads them. */
import { assert, it } from "@effect/vitest"
import type { RunCounts } from "@stint/domain/RunCounts"
import { DateTime, Effect, Schema } from "effect"
import { onStage, type Stage } from "./support/Harness.ts"

const noRuns: RunCounts = { pending: 0, running: 0, retrying: 0, completed: 0, cancelled: 0, dead_lettered: 0 }

const start = Date.parse("2026-02-01T00:00:00.000Z")
const at = (minute: number) => new Date(start + minute * 60_000).toISOString()

/** A draft: when it was made, of which hire, and when and how it was decided on. */
const Draft = Schema.Struct({
  minute: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 })),
  hire: Schema.Literals(["a", "b"]),
  decision: Schema.NullOr(Schema.Literals(["approved", "rejected"])),
  seconds: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000 })),
  isDeleted: Schema.Boolean,
})
type Draft = typeof Draft.Type

/** A call of a maker; without an end it is not known how it ended. */
const Call = Schema.Struct({
  minute: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 })),
  hire: Schema.Literals(["a", "b"]),
  model: Schema.NullOr(Schema.Literals(["small-1", "large-2"])),
  tokens: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })),
  cost: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000_000 })),
  hasEnded: Schema.Boolean,
})
type Call = typeof Call.Type

/** Stores calls of makers of a customer. */
const storeCalls = ({ sql }: Stage, customer: string, calls: ReadonlyArray<Call>) =>
  sql(
    `insert into making_calls (call_id, idempotency_key, customer_id, hired_instance_id, goal_instance_id, place, model, max_cost,
      max_tokens, started_at, ended_at, outcome, tokens_in, tokens_out, cost)
    select id, id, customer, hire, 'GOI-1', 'model:writer', model, cost + 7, 9, made, ended, case when ended is not null then 'answered' end,
      case when ended is not null then tokens end, case when ended is not null then tokens + 1 end,
      case when ended is not null then cost end
    from json_to_recordset($1::json) as r (id text, customer text, hire text, model text, cost int8, tokens int8, made timestamptz,
      ended timestamptz)`,
    [JSON.stringify(calls.map(({ hasEnded, hire, minute, ...call }, nth) => ({
      id: `CALL-${customer}-${nth}`,
      customer,
      hire: `HAI-${customer}-${hire}`,
      made: at(minute),
      ended: hasEnded ? at(300) : null,
      ...call,
    })))],
  )

/** Stores drafts of a customer, as they would have been made and decided on. */
const store = async ({ sql }: Stage, customer: string, drafts: ReadonlyArray<Draft>) => {
  const rows = drafts.map(({ decision, hire, isDeleted, minute, seconds }, nth) => ({
    id: `DEL-${customer}-${nth}`,
    hire: `HAI-${customer}-${hire}`,
    customer,
    made: at(minute),
    deleted: isDeleted ? at(200) : null,
    decision,
    approval: `APR-${customer}-${nth}`,
    decided: new Date(Date.parse(at(minute)) + seconds * 1000).toISOString(),
  }))
  const given = `from json_to_recordset($1::json) as r (id text, hire text, customer text, made timestamptz,
    deleted timestamptz, decision text, approval text, decided timestamptz)`
  const json = [JSON.stringify(rows)]
  await sql(
    `insert into deliverables (deliverable_id, hired_instance_id, goal_instance_id, goal_template_id, title, payload,
      idempotency_key, customer_id, scheduled_time, approval_required, created_at, updated_at)
    select id, hire, 'GOI-1', 't', 't', '{}', id, customer, made, true, made, made ${given}`,
    json,
  )
  await sql(
    `insert into approvals (approval_id, deliverable_id, customer_id, decision, content_sha256, created_at)
    select approval, id, customer, decision, repeat('0', 64), decided ${given} where decision is not null`,
    json,
  )
  await sql(
    `update deliverables d set review_status = r.decision, deleted_at = r.deleted,
      approval_id = case when r.decision = 'approved' then r.approval end
    ${given} where d.deliverable_id = r.id and r.decision is not null`,
    json,
  )
  await sql(`update deliverables d set deleted_at = r.deleted ${given} where d.deliverable_id = r.id`, json)
}

/** The same by hand. */
const naive = (drafts: ReadonlyArray<Draft>, calls: ReadonlyArray<Call>) => {
  const decided = drafts.filter(({ decision }) => decision !== null)
  const seconds = decided.map((draft) => draft.seconds).toSorted((a, b) => a - b)
  const middle = [seconds[Math.floor((seconds.length - 1) / 2)]!, seconds[Math.floor(seconds.length / 2)]!]
  const approved = drafts.filter(({ decision }) => decision === "approved").length
  return {
    drafts: drafts.length,
    approved,
    // of a mandate none: these are people's decisions
    approved_by_mandate: 0,
    rejected: decided.length - approved,
    approval_rate: decided.length === 0 ? null : approved / decided.length,
    median_seconds_to_decision: decided.length === 0 ? null : (middle[0]! + middle[1]!) / 2,
    ...naiveCost(calls, approved),
  }
}

const amountOf = (cost: bigint) => Number(`${cost / 1_000_000n}.${String(cost % 1_000_000n).padStart(6, "0")}`)

const naiveCost = (calls: ReadonlyArray<Call>, approved: number) => {
  const tokens: Record<string, { in: number; out: number; cost: number }> = {}
  const costs = new Map<string, bigint>()
  let cost = 0n
  for (const call of calls) {
    cost += BigInt(call.hasEnded ? call.cost : call.cost + 7)
    if (call.model === null) continue
    const of = tokens[call.model] ??= { in: 0, out: 0, cost: 0 }
    const sum = (costs.get(call.model) ?? 0n) + BigInt(call.hasEnded ? call.cost : call.cost + 7)
    costs.set(call.model, sum)
    of.cost = amountOf(sum)
    if (call.hasEnded) [of.in, of.out] = [of.in + call.tokens, of.out + call.tokens + 1]
  }
  return {
    tokens,
    calls_unknown: calls.filter(({ hasEnded }) => !hasEnded).length,
    cost: amountOf(cost),
    cost_per_approved: approved === 0 ? null : Math.round(Number(cost) / approved) / 1_000_000,
  }
}

onStage("a report", (stage) => {
  let customers = 0
  const get = (path: string, as: `${"customer" | "operator" | "viewer" | "service"}:${string}` = "viewer:vera") =>
    stage().call("GET", `/api/v1${path}`, { as })

  it.effect.prop("counts what a calculation by hand counts, of a hire and of a customer, in any period", {
    drafts: Schema.Array(Draft),
    calls: Schema.Array(Call),
    from: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 50 })),
    length: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 60 })),
  }, ({ calls, drafts, from, length }) =>
    Effect.promise(async () => {
      const customer = `report-${++customers}`
      const { world } = stage()
      for (const hire of ["a", "b"]) world.hire(`HAI-${customer}-${hire}`, { customer_id: customer as never })
      await store(stage(), customer, drafts)
      await storeCalls(stage(), customer, calls)
      const query = `from=${at(from)}&to=${at(from + length)}`
      const isWithin = ({ minute }: { readonly minute: number }) => minute >= from && minute < from + length
      const [made, called] = [drafts.filter(isWithin), calls.filter(isWithin)]
      const isOfA = ({ hire }: { readonly hire: string }) => hire === "a"
      const whole = await get(`/customers/${customer}/report?${query}`)
      const period = { from: at(from), to: at(from + length), runs: noRuns, runs_since: at(from) }
      assert.deepStrictEqual(whole.json, { ...period, ...naive(made, called) })
      const one = await get(`/hired-agents/HAI-${customer}-a/report?${query}`)
      assert.deepStrictEqual(one.json, { ...period, ...naive(made.filter(isOfA), called.filter(isOfA)) })
    }), { arbitrary: { runs: 25 } })

  it("has the runs as the scheduler counts them, and says from when on it knows them", async () => {
    const { world } = stage()
    world.hire("HAI-runs")
    const asked: Array<unknown> = []
    world.outcomes = (whose, from, to) => {
      asked.push([whose, DateTime.formatIso(from), DateTime.formatIso(to)])
      return { ...noRuns, completed: 3, cancelled: 1 }
    }
    world.runsSince = DateTime.makeUnsafe(at(5))
    const { json } = await get(`/hired-agents/HAI-runs/report?from=${at(0)}&to=${at(10)}`)
    assert.deepStrictEqual([json.runs, json.runs_since], [{ ...noRuns, completed: 3, cancelled: 1 }, at(5)])
    await get(`/customers/acme/report?from=${at(0)}&to=${at(10)}`)
    assert.deepStrictEqual(asked, [
      [{ hired_instance_id: "HAI-runs" }, at(0), at(10)],
      [{ customer_id: "acme" }, at(0), at(10)],
    ])
    world.schedulerAway = true
    const away = await get("/customers/acme/report")
    world.schedulerAway = false
    assert.deepStrictEqual([away.status, away.json.code], [503, "unavailable"])
  })

  it("is of the last 30 days unless a period is given, which is of at most 366", async () => {
    const { json } = await get("/customers/acme/report")
    assert.strictEqual(Date.parse(json.to) - Date.parse(json.from), 30 * 86_400_000)
    for (const query of [`from=${at(1)}&to=${at(1)}`, `from=2024-01-01T00:00:00.000Z&to=${at(0)}`, "from=yesterday"]) {
      assert.strictEqual((await get(`/customers/acme/report?${query}`)).json.errors[0].path, "query.from", query)
    }
  })

  it("of all customers tells how soon people decide, to operators and viewers: without mandates, by the first decision", async () => {
    const { sql } = stage()
    // no other draft of this file is of the last days
    const drafts = [
      ["a", 2, ["APR-time-a 60", "APR-time-later 5000"]],
      ["b", 3, ["APR-time-b 180"]],
      ["waits", 1, []],
      ["old", 200, ["APR-time-old 9000"]],
    ] as const
    for (const [id, hours, decisions] of drafts) {
      await sql(
        `insert into deliverables (deliverable_id, hired_instance_id, goal_instance_id, goal_template_id, title, payload,
          idempotency_key, customer_id, scheduled_time, approval_required, created_at, updated_at)
        select 'DEL-time-' || $1, 'HAI-1', 'GOI-1', 't', 't', '{}', 'time-' || $1, 'acme', at, true, at, at
        from (select now() - make_interval(hours => $2::int) as at) t`,
        [id, hours],
      )
      for (const decision of decisions) {
        const [approval, seconds] = decision.split(" ")
        await sql(
          `insert into approvals (approval_id, deliverable_id, customer_id, decision, content_sha256, created_at)
          select $1, deliverable_id, customer_id, 'approved', repeat('0', 64), created_at + make_interval(secs => $2::int)
          from deliverables where deliverable_id = 'DEL-time-' || $3`,
          [approval, Number(seconds), id],
        )
      }
    }
    const path = "/deliverables/decision-time"
    const { json, status } = await get(path)
    assert.strictEqual(status, 200, JSON.stringify(json))
    const { since, ...rest } = json
    assert.deepStrictEqual(rest, { drafts: 3, decided: 2, median_seconds_to_decision: 120 })
    assert.closeTo(Date.parse(since), Date.now() - 7 * 86_400_000, 3_600_000)
    assert.deepStrictEqual(
      [await get(path, "customer:acme"), await get(path, "service:scheduler")].map(({ json, status }) => [
        status,
        json.code,
      ]),
      [[403, "wrong_role"], [403, "wrong_role"]],
    )
  })

  it("is its customer's: another's does not exist, nor one past its retention", async () => {
    const { world } = stage()
    world.hire("HAI-mine")
    world.hire("HAI-gone", { gone: true })
    assert.strictEqual((await get("/hired-agents/HAI-mine/report", "customer:acme")).status, 200)
    assert.strictEqual((await get("/customers/acme/report", "customer:acme")).status, 200)
    const codes = [
      await get("/hired-agents/HAI-mine/report", "customer:globex"),
      await get("/hired-agents/HAI-none/report"),
      await get("/hired-agents/HAI-gone/report"),
      await get("/customers/acme/report", "customer:globex"),
      await get("/customers/acme/report", "service:scheduler"),
    ].map(({ json, status }) => [status, json.code])
    assert.deepStrictEqual(codes, [
      [404, "hire_not_found"],
      [404, "hire_not_found"],
      [410, "hire_gone"],
      [404, "customer_not_found"],
      [403, "wrong_role"],
    ])
  })
})
