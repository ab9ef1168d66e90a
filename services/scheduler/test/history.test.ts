/** What a goal did since when, on both storages: a row for every change that says something new, and no other. */
import { assert, describe, it } from "@effect/vitest"
import type { Change, GoalChange, HireChange } from "@stint/domain/hiring/Feed"
import { Ids } from "@stint/edge/Ids"
import { DateTime, Effect, Layer } from "effect"
import { testDatabase } from "../../../tests/support/Database.ts"
import * as AnswersMemory from "../src/Answers/MemoryRepo.ts"
import * as AnswersPg from "../src/Answers/PgRepo.ts"
import { AnswersRepo } from "../src/Answers/Repo.ts"
import * as ControlsMemory from "../src/Controls/MemoryRepo.ts"
import * as ControlsPg from "../src/Controls/PgRepo.ts"
import { historian, type HistoryRow } from "../src/Projection/History.ts"
import * as ProjectionMemory from "../src/Projection/MemoryRepo.ts"
import * as ProjectionPg from "../src/Projection/PgRepo.ts"
import { planChanges } from "../src/Projection/Plan.ts"
import { ProjectionRepo } from "../src/Projection/Repo.ts"
import { RunsRepo } from "../src/Runs/Repo.ts"
import { Store } from "../src/Store.ts"
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

const storages = {
  memory: AnswersMemory.layerMemory.pipe(
    Layer.provide([RunsRepo.layerMemory, ControlsMemory.layerMemory]),
    Layer.provideMerge(ProjectionMemory.layerMemory),
    Layer.provide([Store.layer, Ids.layer]),
  ),
  postgres: AnswersPg.layerPg.pipe(
    Layer.provide([RunsRepo.layerPg, ControlsPg.layerPg]),
    Layer.provideMerge(ProjectionPg.layerPg),
    Layer.provide([testDatabase("scheduler"), Ids.layer]),
  ),
}

const told = Effect.fnUntraced(function* (changes: ReadonlyArray<Change>) {
  const repo = yield* ProjectionRepo
  const after = yield* repo.cursor()
  assert.isTrue(yield* repo.apply(changes, { after, to: String(Number(after ?? 0) + 1) }))
})
/** The rows of a goal: the day on which each begins, whether it ran, and what else is asked for. */
const rowsOf = (goal: GoalChange, field: keyof HistoryRow = "reason") =>
  Effect.map(
    Effect.flatMap(AnswersRepo, (repo) => repo.history(goal.goal_instance_id, start + 365 * DAY)),
    ({ rows }) => rows.map((row) => [(row.valid_from - start) / DAY, row.runs, row[field]]),
  )

for (const [name, storage] of Object.entries(storages)) {
  describe(`the history of goals on ${name}`, () => {
    const live = (what: string, test: () => Effect.Effect<void, unknown, ProjectionRepo | AnswersRepo>) =>
      it.live(what, () => test().pipe(Effect.provide(storage)))

    live(
      "an edit, a switch, a hire that may not run and a deletion each begin a row",
      Effect.fnUntraced(function* () {
        const hire = hireOf()
        const goal = goalOf(hire)
        yield* told([hire, goal])
        yield* told([{ ...goal, version: 2, changed_at: on(2), enabled: false }])
        yield* told([{ ...hire, version: 2, changed_at: on(3), runnable: false, reason: "past due" }])
        yield* told([{ ...hire, version: 3, changed_at: on(4), runnable: false, reason: "canceled" }])
        yield* told([
          { ...hire, version: 4, changed_at: on(5) },
          { ...goal, version: 3, changed_at: on(6) },
        ])
        yield* told([{ ...goal, version: 4, changed_at: on(7), deleted: true }])
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

    live(
      "what says nothing new begins none: a snapshot, an older version, a schedule with its keys in another order",
      Effect.fnUntraced(function* () {
        const hire = hireOf()
        const goal = goalOf(hire)
        yield* told([hire, goal])
        yield* told([hire, goal])
        yield* told([{ ...hire, version: 2, changed_at: on(2) }])
        yield* told([{ ...goal, version: 2, changed_at: on(3), schedule: { at: "09:00", missed: "skip" } }])
        yield* told([{ ...goal, version: 1, changed_at: on(4), enabled: false }])
        assert.deepStrictEqual(yield* rowsOf(goal), [[1, true, null]])
        const repo = yield* ProjectionRepo
        yield* repo.retain(new Set([goal.goal_instance_id]))
        assert.deepStrictEqual(yield* rowsOf(goal, "deleted"), [[1, true, false]])
      }),
    )

    live(
      "a zone is the hire's, and a hire that changed after its goal is known from then on only",
      Effect.fnUntraced(function* () {
        const hire = hireOf({ changed_at: on(5) })
        const goal = goalOf(hire)
        yield* told([hire, goal])
        yield* told([{ ...hire, version: 2, changed_at: on(6), timezone: "Asia/Kolkata" }])
        assert.deepStrictEqual(yield* rowsOf(goal, "timezone"), [[5, true, "UTC"], [6, true, "Asia/Kolkata"]])
      }),
    )

    live(
      "a goal that a whole snapshot no longer has was deleted; one that nobody knew leaves nothing",
      Effect.fnUntraced(function* () {
        const hire = hireOf()
        const goal = goalOf(hire)
        yield* told([hire, goal])
        const repo = yield* ProjectionRepo
        yield* repo.retain(new Set())
        const [, gone] = yield* rowsOf(goal, "deleted")
        assert.deepStrictEqual(gone?.slice(1), [false, true])
        const never = goalOf(hire, { deleted: true })
        yield* told([never])
        assert.deepStrictEqual(yield* rowsOf(never), [])
      }),
    )
  })
}

describe("the historian", () => {
  it("two changes of one millisecond are one after the other", () => {
    const hire = hireOf()
    const goal = goalOf(hire)
    const plan = planChanges([hire, goal, { ...goal, version: 2, enabled: false }, { ...goal, version: 3 }], {
      hires: [],
      goals: [],
      history: [],
    })
    const at = start + DAY
    assert.deepStrictEqual(plan.history.map((row) => [row.valid_from - at, row.runs]), [[0, true], [1, false], [
      2,
      true,
    ]])
  })

  it("goes on from the latest row that is known", () => {
    const hire = hireOf()
    const goal = goalOf(hire)
    const [row] = planChanges([hire, goal], { hires: [], goals: [], history: [] }).history
    const again = planChanges([hire, goal], { hires: [], goals: [], history: [row!] })
    assert.deepStrictEqual(again.history, [])
    const { ended, rows } = historian([row!])
    ended(goal.goal_instance_id, 0)
    assert.deepStrictEqual(rows.map((one) => [one.valid_from, one.deleted]), [[row!.valid_from + 1, true]])
  })
})
