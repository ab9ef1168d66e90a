/** Pure: which slots a backfill takes, and what it does with each. */
import { assert, it } from "@effect/vitest"
import type { ScheduledRunId } from "@stint/domain/Ids"
import { ReasonCode } from "@stint/domain/scheduler/ReasonCodes"
import { RunOrigin, RunStatus } from "@stint/domain/scheduler/Runs"
import type { Rule } from "@stint/domain/Schedule"
import { Arbitrary, Schema } from "effect"
import { type BackfillRequest, countOf, pageOf, planBackfill, runsOf, wasSkipped } from "../src/Backfill/Policy.ts"
import type { StoredSlot } from "../src/Backfill/Row.ts"
import { between } from "../src/Calendar.ts"

const now = Date.parse("2026-06-01T12:00:00Z")
const run = (more: Partial<StoredSlot>): StoredSlot => ({
  slot: 0,
  scheduled_run_id: "SCH-1" as ScheduledRunId,
  origin: "schedule",
  status: "cancelled",
  reason: "missed: the goal skips missed slots",
  reason_code: "missed_skipped",
  backfill: null,
  executed: false,
  claimable_at: null,
  ...more,
})

it("a run was skipped when the schedule decided so and it never began", () => {
  for (const reason_code of ["overlap_open", "overlap_waiting", "missed_superseded", "missed_skipped"] as const) {
    assert.isTrue(wasSkipped(run({ reason_code })), reason_code)
  }
  for (
    const other of [
      { status: "pending" as const, reason_code: null },
      { status: "completed" as const, reason_code: null },
      { status: "dead_lettered" as const },
      { executed: true },
      { origin: "backfill" as const },
      { origin: "manual" as const },
      { reason_code: "cancelled_by_operator" as const },
      { reason_code: "goal_disabled" as const },
    ]
  ) assert.isFalse(wasSkipped(run(other)), JSON.stringify(other))
})

const Stretch = Schema.Struct({
  cron: Schema.Literals(["*/5 * * * *", "*/7 * * * *", "0 * * * *", "30 2 * * *", "0 9 29 2 *", "15 6,18 * * 1"]),
  timezone: Schema.Literals(["UTC", "Europe/Berlin", "Australia/Lord_Howe"]),
  to: Schema.Int.check(Schema.isBetween({ minimum: now - 9e10, maximum: now })),
  minutes: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 70 * 24 * 60 })),
  cap: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })),
})

it.prop(
  "pages cover a stretch from end to end, each slot once, and the count is of all of them",
  { one: Arbitrary.schema(Stretch) },
  ({ one: { cap, cron, minutes, timezone, to } }) => {
    const rule: Rule = { frequency: "cron", cron, timezone }
    const from = to - minutes * 60_000
    const all = between(rule, from - 1, to, Infinity)
    assert.strictEqual([...countOf(rule, from, to)].reduce((sum, part) => sum + part, 0), all.length)
    const seen: Array<number> = []
    for (let next: number | undefined = from; next !== undefined;) {
      const page: ReturnType<typeof pageOf> = pageOf(rule, next, to, Math.max(cap, 20))
      assert.isAtMost(page.slots.length, Math.max(cap, 20))
      seen.push(...page.slots)
      next = page.next
    }
    assert.deepStrictEqual(seen, all)
  },
  { arbitrary: { runs: 60 } },
)

const Stored = Schema.Array(Schema.Struct({
  slot: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 })),
  origin: RunOrigin,
  status: RunStatus,
  reason: Schema.NullOr(Schema.Literal("words")),
  reason_code: Schema.NullOr(ReasonCode),
  backfill: Schema.NullOr(Schema.Literals(["LOG-1", "LOG-2"])),
  executed: Schema.Boolean,
  claimable_at: Schema.Null,
}))
const Slots = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 })))
const Pace = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100_000 }))

it.prop(
  "every slot is made, queued again or kept, once; queued runs start in the order of their slots, at the pace",
  [Slots, Stored, Pace],
  ([some, rows, per_minute]) => {
    const slots = [...new Set(some)].toSorted((a, b) => a - b)
    const stored = [...new Map(rows.map((row) => [row.slot, row])).values()]
      .map((row): StoredSlot => ({ ...row, scheduled_run_id: `SCH-${row.slot}` as ScheduledRunId }))
    const plan = planBackfill(slots, stored, "LOG-1")
    const decided = [...plan.make, ...plan.again.map(({ slot }) => slot), ...plan.there.map(({ slot }) => slot)]
    assert.deepStrictEqual(decided.toSorted((a, b) => a - b), slots)
    const bySlot = new Map(stored.map((row) => [row.slot, row]))
    for (const slot of plan.make) assert.isFalse(bySlot.has(slot))
    for (const { slot } of plan.again) assert.isTrue(wasSkipped(bySlot.get(slot)!))
    for (const { outcome, slot } of plan.there) {
      assert.strictEqual(outcome === "queued", bySlot.get(slot)!.backfill === "LOG-1")
    }

    const request = { slots, ids: slots.map((slot) => `SCH-new-${slot}`), forced: false, per_minute }
    const line = { log_id: "LOG-1", operator: "olga" }
    const { again, last_start, make } = runsOf(request as never as BackfillRequest, plan, line as never, now)
    const starts = [
      ...make.map((one) => [one.slot, one.queue!.claimable_at!] as const),
      ...again.map((one, nth) => [plan.again[nth]!.slot, one.claimable_at] as const),
    ].toSorted(([a], [b]) => a - b).map(([, start]) => start)
    assert.deepStrictEqual(starts, starts.map((_, nth) => now + Math.floor(nth * 60_000 / per_minute)))
    assert.strictEqual(last_start, starts.at(-1) ?? null)
    for (const one of make) assert.strictEqual(one.scheduled_run_id, `SCH-new-${one.slot}`)
  },
)
