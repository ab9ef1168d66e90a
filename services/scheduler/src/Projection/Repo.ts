/** The SQL of the projection. One method per atomic unit. */
import { PgClient } from "@effect/sql-pg"
import type { Change, GoalChange } from "@stint/domain/hiring/Feed"
import { Ids } from "@stint/edge/Ids"
import { Clock, Context, DateTime, Effect, Layer, Option } from "effect"
import { actionLogWriter } from "../ActionLog/Repo.ts"
import { type GoalRow, type HireRow, iso, type Versions } from "../Model.ts"
import { Nudge } from "../Nudge.ts"
import { Queue } from "../Queue.ts"
import { decidedUntil } from "../Timeline.ts"
import { versionsSince } from "../Timeline/Repo.ts"
import { goalDeleted } from "./History.ts"
import { closedWithGoal, endOf, planChanges, type Projected, type ProjectionPlan, renewals, touched } from "./Plan.ts"
import { lateReviser } from "./Repo/Late.ts"
import { cursorWrites, type Move, type Rebuild } from "./Repo/Rebuild.ts"
import { rederiving } from "./Repo/Rederive.ts"
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
  /** Derives again when some goals after an id fall due next: how many changed, and the last id; undefined after the last. */
  rederive(after: string): Effect.Effect<{ readonly last: string | undefined; readonly moved: number }>
  /** A goal and its hire. */
  find(goal_instance_id: string): Effect.Effect<Option.Option<ProjectedGoal>>
  /** The versions of goals and of their hires, by goal; of a goal that is not projected none. */
  versions(goals: ReadonlyArray<string>): Effect.Effect<ReadonlyMap<string, Versions>>
  /** Whether a hire is projected. */
  knowsHire(hired_instance_id: string): Effect.Effect<boolean>
  /** Whether a hire of a customer is projected. */
  knowsCustomer(customer_id: string): Effect.Effect<boolean>
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
        rederive: yield* rederiving,
        find: Effect.fnUntraced(function* (id) {
          const goal = yield* reads.goal(id)
          if (Option.isNone(goal)) return Option.none()
          const [hire] = yield* reads.hires([goal.value.hired_instance_id])
          return hire === undefined ? Option.none() : Option.some({ goal: goal.value, hire })
        }, Effect.orDie),
        versions: (goals) =>
          Effect.orDie(Effect.map(
            reads.versions(goals),
            (rows) => new Map(rows.map(({ goal_instance_id, ...versions }) => [goal_instance_id, versions])),
          )),
        knowsCustomer: (id) => Effect.orDie(Effect.map(reads.hireOf(id), Option.isSome)),
        knowsHire: (id) => Effect.orDie(Effect.map(reads.hires([id]), (hires) => hires.length > 0)),
      })
    }),
  )
}

/** What the statement reads of renewals. An instant's own `toJSON` costs more than all the rest of a change. */
const renewalsAsJson = (changes: ReadonlyArray<GoalChange>): string =>
  JSON.stringify(changes.map(({ changed_at, deleted: _, enabled: __, type: ___, ...change }) => ({
    ...change,
    changed_at: iso(DateTime.toEpochMillis(changed_at)),
  })))

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

/** From where on the versions of goals are needed: from their undecided slots on; of those without any, the latest alone. */
const sinceOf = (known: ReadonlyArray<GoalRow>, others: ReadonlyArray<string>) => {
  const since = new Map(others.map((goal) => [goal, "infinity"]))
  for (const goal of known) {
    const decided = decidedUntil(goal, Infinity)
    since.set(goal.goal_instance_id, decided === Infinity ? "infinity" : iso(decided)!)
  }
  return [...since].map(([goal, from]) => ({ goal, since: from }))
}

const applying = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const queue = yield* Queue
  const nudge = yield* Nudge
  const closeDeadLetters = yield* deadLetterCloser
  const requestRun = yield* requestedRunWriter
  const reads = yield* projectionReads
  const writes = yield* projectionWrites
  const versions = yield* versionsSince
  const reviseLate = yield* lateReviser
  const cursor = yield* cursorWrites

  const write = Effect.fnUntraced(function* (plan: ProjectionPlan) {
    if (plan.hires.length > 0) yield* writes.upsertHires(plan.hires)
    if (plan.goals.length > 0) yield* writes.upsertGoals(plan.goals)
    if (plan.history.length > 0) yield* writes.insertVersions(plan.history)
    const ended: Array<string> = []
    for (const { of, only, why } of plan.cancels) {
      for (const run of yield* queue.cancel(of, why, only)) ended.push(run.goal_instance_id)
    }
    if (plan.dropped.length > 0) yield* writes.insertDropped(plan.dropped)
    ended.push(...(yield* reviseLate(plan)))
    if (plan.deleted.length > 0) {
      yield* closeDeadLetters(plan.deleted)
      yield* writes.deleteGoals(plan.deleted)
    }
    yield* queue.releaseNext([...new Set(ended)])
    yield* Effect.forEach(plan.runs, requestRun, { discard: true })
  })

  const read = Effect.fnUntraced(function* (changes: ReadonlyArray<Change>) {
    const { goals, hires, ofHires } = touched(changes)
    const known = yield* reads.lockedGoals({ goals, ofHires })
    const history = yield* versions(sinceOf(known, goals))
    const now = yield* Clock.currentTimeMillis
    const projected: Projected = { hires: yield* reads.hires(hires), goals: known, history, now }
    return projected
  })

  /** Applies the changes of goals that make the same slots as before, which need no plan; the others. */
  const renew = Effect.fnUntraced(function* (changes: ReadonlyArray<Change>) {
    const some = renewals(changes)
    if (some.length === 0) return changes
    const { goals, ofHires } = touched(changes)
    const { renewed } = yield* writes.renewGoals({ changes: renewalsAsJson(some), goals, ofHires })
    const done = new Set(renewed)
    return changes.filter((change) => change.type !== "goal" || !done.has(change.goal_instance_id))
  })

  return {
    apply: Effect.fn("ProjectionRepo.apply")(
      function* (changes: ReadonlyArray<Change>, move: Move) {
        if (!(yield* cursor.move(move))) return false
        const left = yield* renew(changes)
        if (left.length > 0) yield* write(planChanges(left, yield* read(left)))
        yield* nudge.inTransaction
        return true
      },
      (effect) => Effect.orDie(sql.withTransaction(effect)),
    ),
    overwrite: Effect.fn("ProjectionRepo.overwrite")(
      function* (snapshot: ReadonlyArray<Change>, rebuild: Rebuild) {
        if (!(yield* cursor.hold(rebuild))) return undefined
        const { changes, projected, wentBack } = overwriting(snapshot, yield* read(snapshot))
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
  const versions = yield* versionsSince
  const cursor = yield* cursorWrites

  const removeGoals = Effect.fnUntraced(function* (goals: ReadonlyArray<string>) {
    for (const goal_instance_id of goals) yield* queue.cancel({ goal_instance_id }, goalDeleted)
    yield* closeDeadLetters(goals)
    const known = yield* reads.lockedGoals({ goals, ofHires: [] })
    const { dropped, made } = endOf(known, yield* versions(sinceOf(known, [])), yield* Clock.currentTimeMillis)
    yield* writes.insertVersions(made)
    if (dropped.length > 0) yield* writes.insertDropped(dropped)
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
