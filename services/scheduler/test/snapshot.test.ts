/** A snapshot is what is: it overwrites, adds and removes, also where hiring was restored to an earlier moment. */
import { assert, describe, it, layer } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import type { Change, GoalChange, HireChange, SnapshotPage } from "@stint/domain/hiring/Feed"
import { Ids } from "@stint/edge/Ids"
import { DateTime, Effect, Layer, Option } from "effect"
import { testDatabase } from "../../../tests/support/Database.ts"
import { Repos } from "../src/App.ts"
import { overwriting } from "../src/Projection/Snapshot.ts"
import { ProjectionRepo } from "../src/Projection/Repo.ts"
import { unique } from "./Harness.ts"

const at = DateTime.makeUnsafe(Date.parse("2026-11-01T00:00:00Z"))

const hireOf = (more: Partial<HireChange> = {}): HireChange => ({
  type: "hire",
  hired_instance_id: unique("HAI") as never,
  customer_id: "acme" as never,
  agent_id: "a" as never,
  subscription_id: "s" as never,
  version: 5,
  changed_at: at,
  timezone: "UTC",
  runnable: true,
  reason: null,
  ...more,
})
const goalOf = (hire: HireChange, more: Partial<GoalChange> = {}): GoalChange => ({
  type: "goal",
  goal_instance_id: unique("GOI") as never,
  hired_instance_id: hire.hired_instance_id,
  version: 5,
  changed_at: at,
  deleted: false,
  enabled: true,
  frequency: "on_demand",
  schedule: {},
  default_at: null,
  ...more,
})

const database = testDatabase("scheduler")
const storage = Repos.pipe(Layer.provideMerge(database), Layer.provide(Ids.layer))

const apply = Effect.fnUntraced(function* (changes: ReadonlyArray<Change>) {
  const repo = yield* ProjectionRepo
  const after = yield* repo.cursor()
  assert.isTrue(yield* repo.apply(changes, { after, to: unique("cursor") }))
})

/** Rebuilds from a snapshot of these; what it removed, and how many rows went back. */
const rebuild = Effect.fnUntraced(function* (
  changes: ReadonlyArray<Change>,
  unread: SnapshotPage["unread"] = { hires: [], goals: [] },
) {
  const repo = yield* ProjectionRepo
  const begun = (yield* repo.beginRebuild(yield* repo.cursor()))!
  const wentBack = yield* repo.overwrite(changes, begun)
  const kept = {
    hires: new Set([...unread.hires, ...changes.flatMap((one) => one.type === "hire" ? [one.hired_instance_id] : [])]),
    goals: new Set([...unread.goals, ...changes.flatMap((one) => one.type === "goal" ? [one.goal_instance_id] : [])]),
  }
  return { wentBack, removed: yield* repo.finishRebuild(kept, begun, unique("cursor")) }
})

const projectedGoal = (goal: GoalChange) => Effect.flatMap(ProjectionRepo, (repo) => repo.find(goal.goal_instance_id))

layer(storage, { excludeTestServices: true })("a snapshot", (it) => {
  it.effect(
    "C4: overwrites what is projected in a later version, and the feed goes on from the snapshot's version",
    Effect.fnUntraced(function* () {
      const hire = hireOf()
      const goal = goalOf(hire, { enabled: false })
      yield* rebuild([hire, goal])
      const restored = [{ ...hire, version: 2, timezone: "Asia/Kolkata" }, { ...goal, version: 3, enabled: true }]
      // The feed alone ignores an older version
      yield* apply(restored)
      assert.strictEqual(Option.getOrThrow(yield* projectedGoal(goal)).goal.version, 5)
      const { removed, wentBack } = yield* rebuild(restored)
      assert.deepStrictEqual([wentBack, removed], [2, { goals: 0, hires: 0 }])
      const found = Option.getOrThrow(yield* projectedGoal(goal))
      assert.deepInclude(found.goal, { version: 3, enabled: true })
      assert.deepInclude(found.hire, { version: 2, timezone: "Asia/Kolkata" })
      yield* apply([{ ...goal, version: 4, enabled: false }])
      assert.deepInclude(Option.getOrThrow(yield* projectedGoal(goal)).goal, { version: 4, enabled: false })
    }),
  )

  it.effect(
    "C4: removes the hires and goals that it does not have, and cancels their runs with the reason",
    Effect.fnUntraced(function* () {
      const sql = yield* PgClient.PgClient
      const kept = hireOf()
      const ghost = hireOf()
      const goals = [goalOf(kept), goalOf(kept), goalOf(ghost)] as const
      yield* rebuild([kept, ghost, ...goals])
      const request = (goal: GoalChange): Change => ({
        type: "run",
        request_id: unique("REQ"),
        goal_instance_id: goal.goal_instance_id,
        hired_instance_id: goal.hired_instance_id,
        scheduled_time: DateTime.makeUnsafe(Date.now() + 3_600_000),
        requested_by: "acme",
      })
      yield* apply(goals.map(request))
      const { removed } = yield* rebuild([kept, goals[0]])
      assert.deepStrictEqual(removed, { goals: 2, hires: 1 })
      const runs = yield* sql<{ goal: string; status: string; code: string | null }>`
        select goal_instance_id as goal, status, reason_code as code from scheduled_goal_runs
        where goal_instance_id in ${sql.in(goals.map((goal) => goal.goal_instance_id))}`
      const of = (goal: GoalChange) => runs.filter((run) => run.goal === goal.goal_instance_id).map((run) => run.code)
      assert.deepStrictEqual([of(goals[0]), of(goals[1]), of(goals[2])], [[null], ["goal_deleted"], ["goal_deleted"]])
      assert.isFalse(yield* Effect.flatMap(ProjectionRepo, (repo) => repo.knowsHire(ghost.hired_instance_id)))
    }),
  )

  it.effect(
    "A2: keeps what hiring could not read as it was last received",
    Effect.fnUntraced(function* () {
      const hire = hireOf()
      const goal = goalOf(hire)
      yield* rebuild([hire, goal])
      yield* rebuild([], { hires: [hire.hired_instance_id], goals: [goal.goal_instance_id] })
      assert.isTrue(Option.isSome(yield* projectedGoal(goal)))
    }),
  )

  it.effect(
    "C4: is read by one replica at a time; what another begins after it, or what moves the cursor, ends it",
    Effect.fnUntraced(function* () {
      const sql = yield* PgClient.PgClient
      const repo = yield* ProjectionRepo
      const hire = hireOf()
      const goal = goalOf(hire)
      yield* rebuild([hire, goal])
      const cursor = yield* repo.cursor()
      const first = (yield* repo.beginRebuild(cursor))!
      assert.isUndefined(yield* repo.beginRebuild(cursor))
      // As when its process died a minute ago
      yield* sql`update feed_cursor set rebuild_until = now() - interval '1 second'`
      const second = (yield* repo.beginRebuild(cursor))!
      assert.isUndefined(yield* repo.overwrite([], first))
      assert.isUndefined(yield* repo.finishRebuild({ hires: new Set(), goals: new Set() }, first, "1"))
      assert.isTrue(Option.isSome(yield* projectedGoal(goal)))
      yield* repo.abandonRebuild(second)
      const third = (yield* repo.beginRebuild(cursor))!
      yield* apply([])
      assert.isUndefined(yield* repo.finishRebuild({ hires: new Set(), goals: new Set() }, third, "1"))
      assert.isTrue(Option.isSome(yield* projectedGoal(goal)))
      yield* repo.abandonRebuild(third)
    }),
  )
})

describe("a page of a snapshot", () => {
  const now = Date.parse("2026-11-29T12:00:00Z")
  const projectedOf = (hire: HireChange, goal: GoalChange) => ({
    hires: [{ ...hire, changed_at: DateTime.toEpochMillis(hire.changed_at) }],
    goals: [{
      ...goal,
      customer_id: hire.customer_id,
      changed_at: DateTime.toEpochMillis(goal.changed_at),
      next_slot: null,
      due_at: null,
      decided_until: null,
      replan_until: null,
    }],
    history: [],
    now,
  })

  it("C4: changes nothing that is as it says, and holds from now on where it went back", () => {
    const hire = hireOf()
    const goal = goalOf(hire)
    const same = overwriting([hire, goal], projectedOf(hire, goal) as never)
    assert.deepStrictEqual([same.wentBack, same.changes], [0, [hire, goal]])
    const back = overwriting([hire, { ...goal, version: 1 }], projectedOf(hire, goal) as never)
    assert.strictEqual(back.wentBack, 1)
    assert.deepInclude(back.changes[1], { version: 1, changed_at: DateTime.makeUnsafe(now) })
    const newer = overwriting([{ ...hire, version: 6 }, goal], projectedOf(hire, goal) as never)
    assert.deepStrictEqual([newer.wentBack, (newer.changes[0] as HireChange).changed_at], [0, at])
  })
})
