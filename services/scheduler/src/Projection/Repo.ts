/** The SQL of the projection. One method per atomic unit. */
import { PgClient } from "@effect/sql-pg"
import type { Change } from "@stint/domain/hiring/Feed"
import type { GoalInstanceId } from "@stint/domain/Ids"
import { Ids } from "@stint/edge/Ids"
import { Clock, Context, Effect, Layer, Option } from "effect"
import { actionLogWriter } from "../ActionLog/Repo.ts"
import type { GoalRow, HireRow } from "../Model.ts"
import { Nudge } from "../Nudge.ts"
import { Queue } from "../Queue.ts"
import { goalDeleted, Versions } from "./History.ts"
import { closedWithGoal, disturbed, planChanges, type Projected, type ProjectionPlan, touched } from "./Plan.ts"
import { cursorWrites, type Move, type Rebuild } from "./Repo/Rebuild.ts"
import { requestedRunWriter } from "./Repo/RequestedRuns.ts"
import { projectionReads, projectionWrites } from "./Repo/Statements.ts"
import { overwriting } from "./Snapshot.ts"

/** A goal and its hire. */
export interface ProjectedGoal {
  readonly goal: GoalRow
  readonly hire: HireRow
}

/** The ids of a snapshot, those included that hiring could not read. */
export interface Kept {
  readonly hires: ReadonlySet<string>
  readonly goals: ReadonlySet<string>
}

/** What a snapshot did not have, and was removed. */
export interface Removed {
  readonly hires: number
  readonly goals: number
}

/** How many goals one transaction removes at most. */
const REMOVE_BATCH = 200

export class ProjectionRepo extends Context.Service<ProjectionRepo, {
  /** How far the feed was followed; null before the first snapshot. */
  cursor(): Effect.Effect<string | null>
  /**
   * Applies changes and moves the cursor, together or not at all. False, and nothing happened, when the cursor is not
   * `after` any more: another replica was faster.
   */
  apply(changes: ReadonlyArray<Change>, move: Move): Effect.Effect<boolean>
  /** Begins a rebuild from a snapshot; undefined while another replica rebuilds, or has done so since. */
  beginRebuild(stale: string | null): Effect.Effect<Rebuild | undefined>
  /**
   * Applies a page of a snapshot, which overwrites what is projected, whatever its versions. How many rows went back to an
   * older version; undefined, and nothing happened, when the rebuild is another replica's by now.
   */
  overwrite(changes: ReadonlyArray<Change>, rebuild: Rebuild): Effect.Effect<number | undefined>
  /**
   * Deletes the goals and hires that a complete snapshot does not have, as if hiring had deleted them, and moves the cursor.
   * How many; undefined when the rebuild is another replica's by now.
   */
  finishRebuild(kept: Kept, rebuild: Rebuild, cursor: string): Effect.Effect<Removed | undefined>
  /** Gives up a rebuild that failed. */
  abandonRebuild(rebuild: Rebuild): Effect.Effect<unknown>
  /** A goal and its hire. */
  find(goal_instance_id: string): Effect.Effect<Option.Option<ProjectedGoal>>
  /** Whether a hire is projected. */
  knowsHire(hired_instance_id: string): Effect.Effect<boolean>
}>()("scheduler/ProjectionRepo") {
  static readonly layer = Layer.effect(
    ProjectionRepo,
    Effect.gen(function* () {
      const reads = yield* projectionReads
      const { abandon, begin } = yield* cursorWrites
      return ProjectionRepo.of({
        cursor: () => Effect.orDie(Effect.map(reads.cursor(), ({ cursor }) => cursor)),
        ...yield* applying,
        beginRebuild: begin,
        finishRebuild: yield* finishing,
        abandonRebuild: abandon,
        find: Effect.fnUntraced(function* (id) {
          const goal = yield* reads.goal(id)
          if (Option.isNone(goal)) return Option.none()
          const [hire] = yield* reads.hires([goal.value.hired_instance_id])
          return hire === undefined ? Option.none() : Option.some({ goal: goal.value, hire })
        }, Effect.orDie),
        knowsHire: (id) => Effect.orDie(Effect.map(reads.hires([id]), (hires) => hires.length > 0)),
      })
    }),
  )
}

/** Discards the open dead letters of goals that are deleted, each with its line. */
const deadLetterCloser = Effect.gen(function* () {
  const ids = yield* Ids
  const writeLine = yield* actionLogWriter
  const { discardDeadLetters } = yield* projectionWrites
  return Effect.fnUntraced(function* (goals: ReadonlyArray<string>) {
    for (const deadLetter of yield* discardDeadLetters(goals)) {
      yield* writeLine(closedWithGoal(yield* ids.next("LOG"), deadLetter))
    }
  })
})

const applying = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const queue = yield* Queue
  const nudge = yield* Nudge
  const closeDeadLetters = yield* deadLetterCloser
  const requestRun = yield* requestedRunWriter
  const reads = yield* projectionReads
  const writes = yield* projectionWrites
  const cursor = yield* cursorWrites

  const write = Effect.fnUntraced(function* (plan: ProjectionPlan) {
    if (plan.hires.length > 0) yield* writes.upsertHires(plan.hires)
    if (plan.goals.length > 0) yield* writes.upsertGoals(plan.goals)
    if (plan.history.length > 0) yield* writes.insertVersions(plan.history)
    const ended: Array<string> = []
    for (const { of, only, why } of plan.cancels) {
      for (const run of yield* queue.cancel(of, why, only)) ended.push(run.goal_instance_id)
    }
    if (plan.dropped.length > 0) yield* queue.dropFuture(plan.dropped)
    if (plan.deleted.length > 0) {
      yield* closeDeadLetters(plan.deleted)
      yield* writes.deleteGoals(plan.deleted)
    }
    yield* queue.releaseNext(disturbed(plan, ended))
    yield* Effect.forEach(plan.runs, requestRun, { discard: true })
  })

  const read = Effect.fnUntraced(function* (changes: ReadonlyArray<Change>) {
    const { goals, hires, ofHires } = touched(changes)
    const known = yield* reads.lockedGoals({ goals, ofHires })
    const all = [...new Set([...goals, ...known.map((goal) => goal.goal_instance_id)])]
    const history = yield* reads.latestVersions(all)
    const projected: Projected = { hires: yield* reads.hires(hires), goals: known, history }
    return projected
  })

  return {
    apply: Effect.fn("ProjectionRepo.apply")(
      function* (changes: ReadonlyArray<Change>, move: Move) {
        if (!(yield* cursor.move(move))) return false
        yield* write(planChanges(changes, yield* read(changes)))
        yield* nudge.inTransaction
        return true
      },
      (effect) => Effect.orDie(sql.withTransaction(effect)),
    ),
    overwrite: Effect.fn("ProjectionRepo.overwrite")(
      function* (snapshot: ReadonlyArray<Change>, rebuild: Rebuild) {
        if (!(yield* cursor.hold(rebuild))) return undefined
        const now = yield* Clock.currentTimeMillis
        const { changes, projected, wentBack } = overwriting(snapshot, yield* read(snapshot), now)
        yield* write(planChanges(changes, projected))
        yield* nudge.inTransaction
        return wentBack
      },
      (effect) => Effect.orDie(sql.withTransaction(effect)),
    ),
  }
})

const finishing = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const queue = yield* Queue
  const nudge = yield* Nudge
  const closeDeadLetters = yield* deadLetterCloser
  const reads = yield* projectionReads
  const writes = yield* projectionWrites
  const cursor = yield* cursorWrites

  const removeGoals = Effect.fnUntraced(function* (goals: ReadonlyArray<string>) {
    for (const goal_instance_id of goals) yield* queue.cancel({ goal_instance_id }, goalDeleted)
    yield* closeDeadLetters(goals)
    const versions = new Versions(yield* reads.latestVersions(goals))
    const now = yield* Clock.currentTimeMillis
    for (const goal of goals) versions.deleted(goal as GoalInstanceId, now)
    yield* writes.insertVersions(versions.made)
    yield* writes.deleteGoals(goals)
  })

  const inTransaction = <A>(rebuild: Rebuild, step: Effect.Effect<A, unknown>) =>
    Effect.gen(function* () {
      if (!(yield* cursor.hold(rebuild))) return false
      yield* step
      return true
    }).pipe(sql.withTransaction, Effect.orDie)

  return Effect.fn("ProjectionRepo.finishRebuild")(
    function* (kept: Kept, rebuild: Rebuild, to: string) {
      const goals = (yield* reads.goalIds()).map((row) => row.goal_instance_id).filter((id) => !kept.goals.has(id))
      for (let at = 0; at < goals.length; at += REMOVE_BATCH) {
        const batch = goals.slice(at, at + REMOVE_BATCH)
        if (!(yield* inTransaction(rebuild, removeGoals(batch)))) return undefined
      }
      const hires = (yield* reads.hireIds()).map((row) => row.hired_instance_id).filter((id) => !kept.hires.has(id))
      if (hires.length > 0 && !(yield* inTransaction(rebuild, writes.deleteHires(hires)))) return undefined
      const finished = yield* sql.withTransaction(
        Effect.andThen(cursor.finish(rebuild, to), (moved) => Effect.as(nudge.inTransaction, moved)),
      )
      return finished ? { goals: goals.length, hires: hires.length } : undefined
    },
    Effect.orDie,
  )
})
