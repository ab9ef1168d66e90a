/** The SQL of the projection. One method per atomic unit. */
import { PgClient } from "@effect/sql-pg"
import type { Change } from "@stint/domain/hiring/Feed"
import { Ids } from "@stint/edge/Ids"
import { Clock, Context, Effect, Layer, Option } from "effect"
import { actionLogWriter } from "../ActionLog/Repo.ts"
import { type GoalRow, type HireRow, iso } from "../Model.ts"
import { Nudge } from "../Nudge.ts"
import { Queue } from "../Queue.ts"
import { decidedUntil } from "../Timeline.ts"
import { versionsSince } from "../Timeline/Repo.ts"
import { goalDeleted } from "./History.ts"
import { closedWithGoal, endOf, judgeLate, planChanges, type ProjectionPlan, touched } from "./Plan.ts"
import { rederiving } from "./Repo/Rederive.ts"
import { requestedRunWriter } from "./Repo/RequestedRuns.ts"
import { projectionReads, projectionWrites } from "./Repo/Statements.ts"

/** A goal and its hire. */
export interface ProjectedGoal {
  readonly goal: GoalRow
  readonly hire: HireRow
}

/** From where to where the feed's cursor moves; null: before the first snapshot. */
interface Move {
  readonly after: string | null
  readonly to: string | null
}

export class ProjectionRepo extends Context.Service<ProjectionRepo, {
  /** How far the feed was followed; null before the first snapshot. */
  cursor(): Effect.Effect<string | null>
  /**
   * Applies changes and moves the cursor, together or not at all. False, and nothing happened, when the cursor is not
   * `after` any more: another replica was faster.
   */
  apply(changes: ReadonlyArray<Change>, move: Move): Effect.Effect<boolean>
  /** Deletes the goals that a complete snapshot does not have: those that are not among `goals`. */
  retain(goals: ReadonlySet<string>): Effect.Effect<void>
  /** Derives again when some goals after an id fall due next: how many changed, and the last id; undefined after the last. */
  rederive(after: string): Effect.Effect<{ readonly last: string | undefined; readonly moved: number }>
  /** A goal and its hire. */
  find(goal_instance_id: string): Effect.Effect<Option.Option<ProjectedGoal>>
  /** Whether a hire is projected. */
  knowsHire(hired_instance_id: string): Effect.Effect<boolean>
}>()("scheduler/ProjectionRepo") {
  static readonly layer = Layer.effect(
    ProjectionRepo,
    Effect.gen(function* () {
      const reads = yield* projectionReads
      return ProjectionRepo.of({
        cursor: () => Effect.orDie(Effect.map(reads.cursor(), ({ cursor }) => cursor)),
        apply: yield* applying,
        retain: yield* retaining,
        rederive: yield* rederiving,
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

  /** Looks again at what was decided after an edit's instant, before the edit was read; the goals that lost runs by it. */
  const reviseLate = Effect.fnUntraced(function* ({ revised }: ProjectionPlan) {
    if (revised.length === 0) return []
    const late = yield* reads.lateSlots(
      revised.map(({ goal_instance_id, since }) => ({ goal: goal_instance_id, since: iso(since)! })),
    )
    const { dropped, remove, undropped } = judgeLate(revised, late)
    if (undropped.length > 0) yield* writes.deleteDropped(undropped)
    const removed = new Set<string>(remove.length === 0 ? [] : yield* queue.remove(remove))
    const gone = late.filter(({ scheduled_run_id }) => scheduled_run_id !== null && removed.has(scheduled_run_id))
    const unmade = new Set(gone.map(({ goal_instance_id, slot }) => `${goal_instance_id} ${slot}`))
    const recorded = dropped.filter((one) => unmade.has(`${one.goal_instance_id} ${one.from_slot}`))
    if (recorded.length > 0) yield* writes.insertDropped(recorded)
    return gone.map((one) => one.goal_instance_id)
  })

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

  return Effect.fn("ProjectionRepo.apply")(
    function* (changes: ReadonlyArray<Change>, move: Move) {
      if ((yield* writes.moveCursor(move)).length === 0) return false
      const { goals, hires, ofHires } = touched(changes)
      const known = yield* reads.lockedGoals({ goals, ofHires })
      const history = yield* versions(sinceOf(known, goals))
      const now = yield* Clock.currentTimeMillis
      yield* write(planChanges(changes, { hires: yield* reads.hires(hires), goals: known, history, now }))
      yield* nudge.inTransaction
      return true
    },
    (effect) => Effect.orDie(sql.withTransaction(effect)),
  )
})

const retaining = Effect.gen(function* () {
  const sql = yield* PgClient.PgClient
  const queue = yield* Queue
  const closeDeadLetters = yield* deadLetterCloser
  const reads = yield* projectionReads
  const writes = yield* projectionWrites
  const versions = yield* versionsSince

  return Effect.fn("ProjectionRepo.retain")(
    function* (kept: ReadonlySet<string>) {
      const all = yield* reads.goalIds()
      const gone = all.map((row) => row.goal_instance_id).filter((id) => !kept.has(id))
      if (gone.length === 0) return
      for (const goal_instance_id of gone) yield* queue.cancel({ goal_instance_id }, goalDeleted)
      yield* closeDeadLetters(gone)
      const goals = yield* reads.lockedGoals({ goals: gone, ofHires: [] })
      const { dropped, made } = endOf(goals, yield* versions(sinceOf(goals, [])), yield* Clock.currentTimeMillis)
      yield* writes.insertVersions(made)
      if (dropped.length > 0) yield* writes.insertDropped(dropped)
      yield* writes.deleteGoals(gone)
    },
    (effect) => Effect.orDie(sql.withTransaction(effect)),
  )
})
