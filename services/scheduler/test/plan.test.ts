/** Pure: overlap, misfires, spread. */
import { assert, it } from "@effect/vitest"
import type { GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { Exit, Schema } from "effect"
import { type Open, planDue } from "../src/Engine/Plan.ts"
import { DueGoal, quickly } from "../src/Engine/Repo/DueGoals.ts"
import type { GoalRow } from "../src/Model.ts"

const minute = 60_000
const now = Date.parse("2026-06-01T12:00:30Z")
const goalOf = (schedule: Record<string, string | number>, next_slot: number): GoalRow => ({
  goal_instance_id: "GOI-plan" as GoalInstanceId,
  hired_instance_id: "HAI-plan" as HiredInstanceId,
  customer_id: "acme" as never,
  version: 1,
  changed_at: 0,
  enabled: true,
  frequency: "cron",
  schedule: { cron: "* * * * *", ...schedule },
  default_at: null,
  next_slot,
  due_at: next_slot,
  decided_until: null,
  replan_until: null,
})
const slot = now - 30_000
const plan = (schedule: Record<string, string | number>, open: Open, from = slot) =>
  planDue(goalOf(schedule, from), "UTC", open, now)
const idle = { serial: 0, waiting: 0 }

it("on time and nothing open: it may start, and the next slot follows", () => {
  const { next, slots } = plan({}, idle)
  assert.deepStrictEqual(slots, [{ slot, due_at: slot, outcome: "claimable", serial: true, caught_up: false }])
  assert.deepStrictEqual(next, { next_slot: slot + minute, due_at: slot + minute })
})

it("overlap queue: one may wait, a second is skipped with the reason", () => {
  assert.strictEqual(plan({}, { serial: 1, waiting: 0 }).slots[0]!.outcome, "waits")
  const full = plan({}, { serial: 2, waiting: 1 }).slots[0]!
  assert.deepInclude(full, {
    outcome: "skipped",
    skip: { code: "overlap_waiting", reason: "overlap: a run of this goal waits already" },
  })
})

it("overlap skip: any open run skips it; parallel never", () => {
  const skipped = plan({ overlap: "skip" }, { serial: 1, waiting: 0 }).slots[0]!
  assert.deepInclude(skipped, {
    outcome: "skipped",
    skip: { code: "overlap_open", reason: "overlap: a run of this goal is open" },
  })
  const parallel = plan({ overlap: "parallel" }, { serial: 9, waiting: 9 }).slots[0]!
  assert.deepInclude(parallel, { outcome: "claimable", serial: false })
})

it("caught-up slots run one after another and do not count as waiting", () => {
  const { slots } = plan({}, idle, slot - 5 * minute)
  assert.deepStrictEqual(slots.map((s) => [s.outcome, s.caught_up]), [
    ["claimable", true],
    ["waits", true],
    ["waits", true],
    ["waits", true],
    ["waits", true],
    ["waits", false],
  ])
})

it("missed skip runs only what is on time, and records the rest", () => {
  const { slots } = plan({ missed: "skip" }, idle, slot - 3 * minute)
  assert.deepStrictEqual(slots.filter((s) => s.outcome === "skipped").length, 3)
  assert.deepStrictEqual(slots.filter((s) => s.outcome !== "skipped").map((s) => s.slot), [slot])
})

it("older than a day is one range", () => {
  const { ranges: [range], slots } = plan({}, idle, slot - 3 * 24 * 60 * minute)
  assert.strictEqual(range?.from, slot - 3 * 24 * 60 * minute)
  assert.isTrue(range !== undefined && range.to < now - 24 * 60 * minute)
  assert.isTrue(slots.length <= 1441 && slots.every((s) => s.slot > range!.to))
})

it("the spread moves only the start, and a slot that it delays is not late", () => {
  const goal = goalOf({ cron: "0 * * * *", spread_seconds: 3600 }, Date.parse("2026-06-01T11:00:00Z"))
  const planned = planDue(goal, "UTC", idle, now)
  const { due_at, next_slot } = planned.next
  assert.strictEqual(next_slot, Date.parse("2026-06-01T12:00:00Z"))
  assert.isTrue(due_at! >= next_slot! && due_at! < next_slot! + 3_600_000)
  const exactly = planDue({ ...goal, next_slot: next_slot! }, "UTC", idle, due_at!)
  assert.deepInclude(exactly.slots[0]!, { outcome: "claimable", caught_up: false, slot: next_slot! })
})

it("a due goal's row that is read by hand is what the schema makes of it, and of no other one is anything made", () => {
  const at = new Date(now)
  const row = {
    goal_instance_id: "GOI-plan",
    hired_instance_id: "HAI-plan",
    customer_id: "acme",
    version: 3n,
    changed_at: at,
    enabled: true,
    frequency: "daily",
    schedule: { at: "09:00", spread_seconds: 30 },
    default_at: null,
    next_slot: at,
    due_at: at,
    decided_until: null,
    replan_until: null,
    timezone: "UTC",
    hire_version: 2n,
    hire_changed_at: at,
    serial: 0,
    waiting: 1,
    now: at,
  }
  const decode = Schema.decodeUnknownExit(DueGoal)
  const odd = [
    undefined,
    null,
    "",
    "x".repeat(200),
    "a b",
    1.5,
    Infinity,
    7,
    7n,
    true,
    {},
    [],
    new Date(NaN),
    at,
    {
      at: [1],
    },
    { at: Infinity },
    "weekly",
    "hourly",
  ]
  assert.isDefined(quickly(row))
  let read = 0
  for (const column of Object.keys(row)) {
    for (const value of [(row as Record<string, unknown>)[column], ...odd]) {
      const spoiled = { ...row, [column]: value }
      const made = quickly(spoiled)
      if (made === undefined) continue
      read++
      const decoded = decode(spoiled)
      assert.isTrue(Exit.isSuccess(decoded), `${column} ${String(value)}`)
      if (Exit.isSuccess(decoded)) assert.deepStrictEqual(made, decoded.value)
    }
  }
  assert.isAbove(read, Object.keys(row).length)
})
