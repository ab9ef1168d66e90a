/** What an edit does to slots: those that were due stay, those to come follow it, and what it drops is recorded. */
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import type { GoalChange } from "@stint/domain/hiring/Feed"
import { Effect } from "effect"
import { ProjectionRepo } from "../src/Projection/Repo.ts"
import {
  droppedOf,
  even,
  every,
  explain,
  goalRow,
  MINUTE,
  minutes,
  onDemand,
  pause,
  slots,
  stored,
  told,
} from "./EditsHarness.ts"
import { change, claim, materialise } from "./EngineHarness.ts"
import { unique } from "./Harness.ts"

layer(stored, { excludeTestServices: true })("edits of goals", (it) => {
  /** A goal of every minute, written so many minutes ago. */
  const begun = Effect.fnUntraced(function* (minutesAgo: number, more: Partial<GoalChange> = {}) {
    // in the middle of a minute: no slot falls on an edit
    const now = Math.floor(Date.now() / MINUTE) * MINUTE + 30_000 - MINUTE
    const goal = told()
    const start = now - minutesAgo * MINUTE
    yield* change([goal.rehire(start, {}), goal.edit(start, more)])
    return { ...goal, now, start }
  })

  it.effect("C1: an edit that leaves the schedule alone changes no slot, through a pause", () =>
    Effect.gen(function* () {
      const goal = yield* begun(4)
      yield* pause(goal.hire, "paused")
      yield* materialise
      assert.deepStrictEqual(yield* slots(goal.id), [])
      const before = yield* goalRow(goal.id)
      yield* change([goal.edit(goal.now)])
      yield* change([goal.rehire(goal.now + 1, { agent_id: "b" as never })])
      assert.deepStrictEqual(yield* goalRow(goal.id), before)
      yield* pause(goal.hire, "running")
      yield* materialise
      const made = yield* slots(goal.id)
      assert.deepStrictEqual(made.slice(0, 4), minutes(goal.start, goal.now))
      assert.deepStrictEqual(yield* droppedOf(goal.id), [])
    }))

  for (const [missed, outcome] of [["each", 4], ["latest", 1], ["skip", 0]] as const) {
    it.effect(`C1: what fell due in a pause is decided by missed ${missed} after an edit of the schedule`, () =>
      Effect.gen(function* () {
        const goal = yield* begun(6, { schedule: { cron: "* * * * *", missed } })
        yield* pause(goal.hire, "paused")
        yield* materialise
        const edited = goal.now - 2 * MINUTE
        // the policy that counts is the one that holds when they are decided
        yield* change([goal.edit(edited, { ...onDemand, schedule: { missed } })])
        yield* pause(goal.hire, "running")
        yield* materialise
        assert.deepStrictEqual(yield* slots(goal.id), minutes(goal.start, edited))
        assert.strictEqual((yield* slots(goal.id, (run) => run.status === "pending")).length, outcome)
        // the one that was to come next was dropped, and the ones after it never were
        const next = minutes(edited, goal.now)[0]!
        assert.deepStrictEqual(yield* droppedOf(goal.id), [["schedule_changed", next, next]])
        const why = yield* explain(goal.id, next)
        assert.deepStrictEqual([why.verdict, why.reason_code], ["cancelled", "schedule_changed"])
        assert.strictEqual((yield* goalRow(goal.id))?.next, null)
      }))
  }

  it.effect("C1: a slot in its spread starts when it was to start, by the spread that it had", () =>
    Effect.gen(function* () {
      const goal = yield* begun(3, { schedule: { cron: "* * * * *", spread_seconds: 86_400 } })
      const before = yield* goalRow(goal.id)
      yield* change([goal.edit(goal.now, { frequency: "daily", schedule: { at: "09:00" } })])
      const after = yield* goalRow(goal.id)
      assert.deepStrictEqual(after?.next, before?.next)
      const nine = Date.parse(`${new Date(goal.now).toISOString().slice(0, 10)}T09:00:00Z`)
      const coming = nine > goal.now ? nine : nine + 86_400_000
      assert.strictEqual(after?.due?.getTime(), Math.min(before!.due!.getTime(), coming))
    }))

  it.effect("C1: an edit that is read late decides by its own instant: runs that were never claimed go, the others stay", () =>
    Effect.gen(function* () {
      // of the other tests of this file, for as long as this one takes
      yield* claim(1000, 600_000)
      const parallel = { cron: "* * * * *", overlap: "parallel" }
      const goal = yield* begun(6, { schedule: parallel })
      yield* materialise
      const made = yield* slots(goal.id)
      const held = (yield* claim(4)).map((run) => run.scheduled_time)
      assert.deepStrictEqual(held.toSorted((a, b) => a - b), made.slice(0, 4))
      const edited = goal.now - 3 * MINUTE
      yield* change([goal.edit(edited, { frequency: "on_demand", schedule: { overlap: "parallel" } })])
      yield* materialise
      assert.deepStrictEqual(yield* slots(goal.id), made.slice(0, 4))
      const gone = made.slice(4)
      const dropped = new Map((yield* droppedOf(goal.id)).map(([code, from]) => [from, code]))
      for (const slot of gone) {
        assert.strictEqual(dropped.get(slot), "schedule_changed")
        assert.strictEqual((yield* explain(goal.id, slot)).reason_code, "schedule_changed")
      }
      // and back, late as well: what was dropped is made, what was not is not made twice
      yield* change([goal.edit(edited + 1, { schedule: parallel })])
      yield* materialise
      assert.deepStrictEqual((yield* slots(goal.id)).slice(0, made.length), made)
      assert.deepStrictEqual(yield* droppedOf(goal.id), [])
    }))

  it.effect("C1: switched off drops what is due, with the reason; switched on again it goes on from there", () =>
    Effect.gen(function* () {
      const goal = yield* begun(8)
      yield* pause(goal.hire, "paused")
      yield* materialise
      const off = goal.now - 5 * MINUTE
      const on = goal.now - 2 * MINUTE
      yield* change([goal.edit(off, { enabled: false })])
      yield* change([goal.edit(on)])
      yield* pause(goal.hire, "running")
      yield* materialise
      const due = minutes(goal.start, off)
      assert.deepStrictEqual(yield* droppedOf(goal.id), [["goal_disabled", due[0]!, due.at(-1)!]])
      assert.deepStrictEqual((yield* slots(goal.id)).slice(0, 2), minutes(on, goal.now))
      assert.strictEqual((yield* explain(goal.id, due[1]!)).reason_code, "goal_disabled")
      assert.strictEqual((yield* explain(goal.id, minutes(off, on)[0]!)).verdict, "not_due")
    }))

  it.effect("C1: a stop and a start that are read together, or one after the other and late, lose no slot after the start", () =>
    Effect.gen(function* () {
      for (const together of [true, false]) {
        const goal = yield* begun(8, { schedule: { cron: "* * * * *", overlap: "parallel" } })
        yield* materialise
        // a minute may begin meanwhile, whose slot is none of these
        const past = (all: ReadonlyArray<number>) => all.filter((slot) => slot <= goal.now)
        const made = past(yield* slots(goal.id))
        const off = goal.rehire(goal.now - 5 * MINUTE, { runnable: false, reason: "past due" })
        const on = goal.rehire(goal.now - 2 * MINUTE, {})
        if (together) yield* change([off, on])
        else {
          yield* change([off])
          yield* change([on])
        }
        yield* materialise
        const live = past(yield* slots(goal.id, (run) => run.status === "pending"))
        assert.deepStrictEqual(live, made.filter((slot) => slot > goal.now - 2 * MINUTE))
        const ended = yield* slots(goal.id, (run) => run.reason_code === "hire_not_runnable")
        assert.deepStrictEqual(ended, made.filter((slot) => slot <= goal.now - 2 * MINUTE))
      }
    }))

  it.effect("C1: edits of one page that undo each other drop nothing, and a page that is read twice changes nothing", () =>
    Effect.gen(function* () {
      const goal = yield* begun(4)
      const before = yield* goalRow(goal.id)
      const page = [goal.edit(goal.now - 1, onDemand), goal.edit(goal.now)]
      yield* change(page)
      const after = yield* goalRow(goal.id)
      assert.deepStrictEqual(after, before)
      assert.deepStrictEqual(yield* droppedOf(goal.id), [])
      yield* change(page)
      assert.deepStrictEqual(yield* goalRow(goal.id), after)
    }))

  it.effect("C1: another zone of the hire is an edit of all its goals that name none", () =>
    Effect.gen(function* () {
      // hours from now, in either zone
      const at = Temporal.Now.plainTimeISO("UTC").add({ hours: 12 }).with({ minute: 0 }).toString({
        smallestUnit: "minute",
      })
      const goal = yield* begun(2, { frequency: "daily", schedule: { at } })
      const own = { ...goal.edit(goal.now), goal_instance_id: unique("GOI") as never, ...every }
      yield* change([{ ...own, frequency: "daily", schedule: { at, timezone: "UTC" }, version: 1 }])
      const [before, ownBefore] = [yield* goalRow(goal.id), yield* goalRow(own.goal_instance_id)]
      yield* change([goal.rehire(goal.now, { timezone: "Asia/Kolkata" })])
      const after = yield* goalRow(goal.id)
      assert.notDeepEqual(after?.next, before?.next)
      const inKolkata = Temporal.Instant.from(after!.next!.toISOString()).toZonedDateTimeISO("Asia/Kolkata")
      assert.strictEqual(inKolkata.toPlainTime().toString({ smallestUnit: "minute" }), at)
      assert.deepStrictEqual(yield* goalRow(own.goal_instance_id), ownBefore)
      assert.deepStrictEqual(yield* droppedOf(goal.id), [[
        "schedule_changed",
        before!.next!.getTime(),
        before!.next!.getTime(),
      ]])
    }))

  it.effect("C1: a deletion, and a snapshot without the goal, record what was due", () =>
    Effect.gen(function* () {
      const deleted = yield* begun(4)
      yield* change([deleted.edit(deleted.now, { deleted: true })])
      const due = minutes(deleted.start, deleted.now)
      assert.deepStrictEqual(yield* droppedOf(deleted.id), [["goal_deleted", due[0]!, due.at(-1)!]])
      assert.strictEqual((yield* explain(deleted.id, due[0]!)).reason_code, "goal_deleted")
      const absent = yield* begun(4)
      const repo = yield* ProjectionRepo
      const sql = yield* PgClient.PgClient
      const rows = yield* sql<{ id: string }>`select goal_instance_id as id from projected_goals
        where goal_instance_id <> ${absent.id}`
      const rebuild = yield* repo.beginRebuild(yield* repo.cursor())
      const kept = { goals: new Set(rows.map((row) => row.id)), hires: new Set([absent.hire]) }
      yield* repo.finishRebuild(kept, rebuild!, String(Number(yield* repo.cursor()) + 1))
      const [[code, from] = []] = yield* droppedOf(absent.id)
      assert.deepStrictEqual([code, from], ["goal_deleted", minutes(absent.start, absent.now)[0]!])
    }))

  /** Derives again when every goal falls due next, as a start does. */
  const rederive = Effect.gen(function* () {
    const repo = yield* ProjectionRepo
    let moved = 0
    for (let after: string | undefined = ""; after !== undefined;) {
      const page: { readonly last: string | undefined; readonly moved: number } = yield* repo.rederive(after)
      after = page.last
      moved += page.moved
    }
    return moved
  })

  for (const known of [true, false]) {
    it.effect(`C13: a next slot that tz data moved under the program is derived again (${known ? "its" : "0.2.0's"} row)`, () =>
      Effect.gen(function* () {
        const sql = yield* PgClient.PgClient
        yield* rederive
        const goal = yield* begun(3)
        const edited = yield* begun(3)
        yield* change([edited.edit(edited.now, even)])
        yield* materialise
        const made = [yield* slots(goal.id), yield* slots(edited.id)]
        const right = [yield* goalRow(goal.id), yield* goalRow(edited.id)]
        const ours = [goal.id, edited.id]
        for (const by of ["1 hour", "-1 hour", "1 day"]) {
          yield* sql`update projected_goals set next_slot = next_slot + ${by}::interval, due_at = due_at + ${by}::interval,
            decided_until = case when ${known} then decided_until end where goal_instance_id = any(${ours}::varchar[])`
          yield* rederive
          assert.deepStrictEqual([yield* goalRow(goal.id), yield* goalRow(edited.id)], right, by)
        }
        assert.strictEqual(yield* rederive, 0)
        yield* materialise
        // a minute may have begun meanwhile, whose slot is none of these
        const again = [yield* slots(goal.id), yield* slots(edited.id)]
        assert.deepStrictEqual(again.map((all, nth) => all.filter((slot) => slot <= made[nth]!.at(-1)!)), made)
      }))
  }

  it.effect("C13: a slot that passed while the stored instant was wrong runs late, and is explained", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const goal = yield* begun(4)
      yield* sql`update projected_goals set next_slot = next_slot + interval '1 hour', due_at = due_at + interval '1 hour'
        where goal_instance_id = ${goal.id}`
      yield* materialise
      assert.deepStrictEqual(yield* slots(goal.id), [])
      yield* rederive
      yield* materialise
      assert.deepStrictEqual((yield* slots(goal.id)).slice(0, 4), minutes(goal.start, goal.now))
      const [first] = minutes(goal.start, goal.now)
      assert.strictEqual((yield* explain(goal.id, first!)).verdict, "waiting")
    }))
})
