/** The versions of a goal over time: a new one for every change of what it does, and for no other. */
import { assert, describe, it, layer } from "@effect/vitest"
import type { Change, GoalChange, HireChange } from "@stint/domain/hiring/Feed"
import { Ids } from "@stint/edge/Ids"
import { DateTime, Effect, Layer, Option } from "effect"
import { testDatabase } from "../../../tests/support/Database.ts"
import { AnswersRepo } from "../src/Answers/Repo.ts"
import { Repos } from "../src/App.ts"
import { Versions } from "../src/Projection/History.ts"
import { planChanges } from "../src/Projection/Plan.ts"
import { ProjectionRepo } from "../src/Projection/Repo.ts"
import type { GoalVersion } from "../src/Model.ts"
import { unique } from "./Harness.ts"

const DAY = 86_400_000
const start = Date.parse("2026-11-01T00:00:00Z")
const on = (days: number) => DateTime.makeUnsafe(start + days * DAY)

const hireOf = (more: Partial<HireChange> = {}): HireChange => ({
  type: "hire",
  hired_instance_id: unique("HAI") as never,
  customer_id: "acme" as never,
  agent_id: "a" as never,
  subscription_id: "s" as never,
  version: 1,
  changed_at: on(0),
  timezone: "UTC",
  runnable: true,
  reason: null,
  ...more,
})
const goalOf = (hire: HireChange, more: Partial<GoalChange> = {}): GoalChange => ({
  type: "goal",
  goal_instance_id: unique("GOI") as never,
  hired_instance_id: hire.hired_instance_id,
  version: 1,
  changed_at: on(1),
  deleted: false,
  enabled: true,
  frequency: "on_demand",
  schedule: { missed: "skip", at: "09:00" },
  default_at: null,
  ...more,
})

const storage = Repos.pipe(Layer.provide([testDatabase("scheduler"), Ids.layer]))

/** Applies changes, as if the feed had them. */
const apply = Effect.fnUntraced(function* (changes: ReadonlyArray<Change>) {
  const repo = yield* ProjectionRepo
  const after = yield* repo.cursor()
  assert.isTrue(yield* repo.apply(changes, { after, to: String(Number(after ?? 0) + 1) }))
})
/** Rebuilds from a snapshot of these. */
const finish = Effect.fnUntraced(function* (repo: ProjectionRepo["Service"], changes: ReadonlyArray<Change>) {
  const rebuild = (yield* repo.beginRebuild(yield* repo.cursor()))!
  assert.isDefined(yield* repo.overwrite(changes, rebuild))
  const kept = {
    hires: new Set(changes.flatMap((one) => one.type === "hire" ? [one.hired_instance_id] : [])),
    goals: new Set(changes.flatMap((one) => one.type === "goal" ? [one.goal_instance_id] : [])),
  }
  return yield* repo.finishRebuild(kept, rebuild, "100")
})

/** The versions of a goal: the day on which each begins, whether its schedule made runs, and a further field. */
const rowsOf = (goal: GoalChange, field: keyof GoalVersion = "reason") =>
  Effect.map(
    Effect.flatMap(AnswersRepo, (repo) => repo.history(goal.goal_instance_id, start + 365 * DAY)),
    ({ rows }) => rows.map((row) => [(row.valid_from - start) / DAY, row.runs, row[field]]),
  )

layer(storage, { excludeTestServices: true })("the versions of goals over time", (it) => {
  it.effect(
    "an edit, a switch, a hire that is not runnable and a deletion each begin one",
    Effect.fnUntraced(function* () {
      const hire = hireOf()
      const goal = goalOf(hire)
      yield* apply([hire, goal])
      yield* apply([{ ...goal, version: 2, changed_at: on(2), enabled: false }])
      yield* apply([{ ...hire, version: 2, changed_at: on(3), runnable: false, reason: "past due" }])
      yield* apply([{ ...hire, version: 3, changed_at: on(4), runnable: false, reason: "canceled" }])
      yield* apply([
        { ...hire, version: 4, changed_at: on(5) },
        { ...goal, version: 3, changed_at: on(6) },
      ])
      yield* apply([{ ...goal, version: 4, changed_at: on(7), deleted: true }])
      assert.deepStrictEqual(yield* rowsOf(goal), [
        [1, true, null],
        [2, false, "the goal was switched off"],
        [3, false, "the goal was switched off; past due"],
        [4, false, "the goal was switched off; canceled"],
        [5, false, "the goal was switched off"],
        [6, true, null],
        [7, false, "the goal was deleted"],
      ])
    }),
  )

  it.effect(
    "a goal written without a change of its schedule has its new version and no other slots, in a page with goals that have",
    Effect.fnUntraced(function* () {
      const hire = hireOf()
      const [same, edited, twice, off] = [
        goalOf(hire, { frequency: "daily" }),
        goalOf(hire, { frequency: "daily" }),
        goalOf(hire, { frequency: "daily" }),
        goalOf(hire, { frequency: "daily" }),
      ]
      yield* apply([hire, same, edited, twice, off])
      const repo = yield* ProjectionRepo
      const found = (goal: GoalChange) =>
        Effect.map(repo.find(goal.goal_instance_id), (one) => Option.getOrThrow(one).goal)
      const before = yield* found(same)
      yield* apply([
        { ...same, version: 2, changed_at: on(2), schedule: { at: "09:00", missed: "skip" } },
        { ...edited, version: 2, changed_at: on(2), schedule: { at: "10:00" } },
        { ...twice, version: 2, changed_at: on(2) },
        { ...twice, version: 3, changed_at: on(3), frequency: "weekly" },
        { ...off, version: 2, changed_at: on(2), enabled: false },
      ])
      assert.deepStrictEqual(yield* found(same), {
        ...before,
        version: 2,
        changed_at: DateTime.toEpochMillis(on(2)),
      })
      assert.deepStrictEqual(yield* rowsOf(same, "frequency"), [[1, true, "daily"]])
      assert.deepStrictEqual(yield* rowsOf(edited), [[1, true, null], [2, true, null]])
      assert.deepStrictEqual(yield* rowsOf(twice, "frequency"), [[1, true, "daily"], [3, true, "weekly"]])
      assert.deepStrictEqual(yield* rowsOf(off), [[1, true, null], [2, false, "the goal was switched off"]])
      yield* apply([{ ...same, version: 1, changed_at: on(4) }])
      assert.strictEqual((yield* found(same)).version, 2)
    }),
  )

  it.effect(
    "a snapshot, an older version and a schedule with its keys in another order begin none",
    Effect.fnUntraced(function* () {
      const hire = hireOf()
      const goal = goalOf(hire)
      yield* apply([hire, goal])
      yield* apply([hire, goal])
      yield* apply([{ ...hire, version: 2, changed_at: on(2) }])
      yield* apply([{ ...goal, version: 2, changed_at: on(3), schedule: { at: "09:00", missed: "skip" } }])
      yield* apply([{ ...goal, version: 1, changed_at: on(4), enabled: false }])
      assert.deepStrictEqual(yield* rowsOf(goal), [[1, true, null]])
      const repo = yield* ProjectionRepo
      yield* finish(repo, [hire, goal])
      assert.deepStrictEqual(yield* rowsOf(goal, "deleted"), [[1, true, false]])
    }),
  )

  it.effect(
    "the zone is the hire's, and a goal has no version before its hire was last written",
    Effect.fnUntraced(function* () {
      const hire = hireOf({ changed_at: on(5) })
      const goal = goalOf(hire)
      yield* apply([hire, goal])
      yield* apply([{ ...hire, version: 2, changed_at: on(6), timezone: "Asia/Kolkata" }])
      assert.deepStrictEqual(yield* rowsOf(goal, "timezone"), [[5, true, "UTC"], [6, true, "Asia/Kolkata"]])
    }),
  )

  it.effect(
    "a goal that a complete snapshot does not have was deleted; a goal that was never known has no versions",
    Effect.fnUntraced(function* () {
      const hire = hireOf()
      const goal = goalOf(hire)
      yield* apply([hire, goal])
      const repo = yield* ProjectionRepo
      yield* finish(repo, [])
      const [, gone] = yield* rowsOf(goal, "deleted")
      assert.deepStrictEqual(gone?.slice(1), [false, true])
      const never = goalOf(hire, { deleted: true })
      yield* apply([never])
      assert.deepStrictEqual(yield* rowsOf(never), [])
    }),
  )
})

describe("the versions of a page", () => {
  it("two changes of one millisecond begin one after the other", () => {
    const hire = hireOf()
    const goal = goalOf(hire)
    const plan = planChanges([hire, goal, { ...goal, version: 2, enabled: false }, { ...goal, version: 3 }], {
      hires: [],
      goals: [],
      history: [],
      now: start,
    })
    const at = start + DAY
    assert.deepStrictEqual(plan.history.map((row) => [row.valid_from - at, row.runs]), [[0, true], [1, false], [
      2,
      true,
    ]])
  })

  it("follow the latest known version", () => {
    const hire = hireOf()
    const goal = goalOf(hire)
    const [row] = planChanges([hire, goal], { hires: [], goals: [], history: [], now: start }).history
    const again = planChanges([hire, goal], { hires: [], goals: [], history: [row!], now: start })
    assert.deepStrictEqual(again.history, [])
    const versions = new Versions([row!])
    versions.deleted(goal.goal_instance_id, 0)
    assert.deepStrictEqual(versions.made.map((one) => [one.valid_from, one.deleted]), [[row!.valid_from + 1, true]])
  })
})
