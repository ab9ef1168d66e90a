/** The SQL of answers: every fact by its goal and an index, all read at one instant. */
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { ActionRow } from "../ActionLog/Row.ts"
import type { GoalVersion } from "../Model.ts"
import { Queue } from "../Queue.ts"
import { RunsRepo } from "../Runs/Repo.ts"
import type { RunFacts } from "./Facts.ts"
import type { Pause } from "./Pauses.ts"
import { goalReads } from "./Repo/Goal.ts"
import { runReads } from "./Repo/Run.ts"
import type {
  DeadLetterOfRun,
  Discard,
  DroppedRange,
  MissedRange,
  OldExecution,
  OtherRun,
  ReachedLimit,
  RunAhead,
  SlotRun,
} from "./Row.ts"

/** How often a snapshot is taken at most until every run of the goal is recorded in it: not all are while nothing can be written. */
const LOOKS = 5

/** The answers' storage. Instants are epoch ms. */
export class AnswersRepo extends Context.Service<AnswersRepo, {
  /**
   * All reads inside see one snapshot: a run that ends meanwhile is read either live or final. In it every run of the goal is
   * recorded.
   */
  snapshot<A, E, R>(effect: Effect.Effect<A, E, R>, goal_instance_id: string): Effect.Effect<A, E, R>
  /** The versions of a goal around an instant, the oldest first, and when the first that is kept begins. */
  history(
    id: string,
    at: number,
  ): Effect.Effect<{ readonly rows: ReadonlyArray<GoalVersion>; readonly since: number | null }>
  /** The runs of a goal whose slots are in [from, to), the earliest first. */
  runsIn(id: string, from: number, to: number): Effect.Effect<ReadonlyArray<SlotRun>>
  run(scheduled_run_id: string): Effect.Effect<RunFacts | null>
  /** The execution under a key whose run is no longer kept. */
  execution(idempotency_key: string): Effect.Effect<OldExecution | null>
  /** The missed range of a goal that holds a slot. */
  missed(id: string, slot: number): Effect.Effect<MissedRange | null>
  /** The dropped slots of a goal that hold an instant of [from, to). */
  dropped(id: string, from: number, to: number): Effect.Effect<DroppedRange | null>
  /** The slots of the goal's run that is live, and of the latest one of its open dead letter (epoch ms). */
  goingOn(id: string): Effect.Effect<{ readonly live: number | null; readonly dead: number | null }>
  deadLetter(scheduled_run_id: string): Effect.Effect<DeadLetterOfRun | null>
  /** Who discarded a dead letter of the goal, from the action log around its closing. */
  discard(id: string, dlq_id: string, closed_at: number): Effect.Effect<Discard | null>
  /** The pause and resume lines of scopes from which the pauses in [from, to] follow. */
  pauseLines(
    scopes: ReadonlyArray<Pause["scope"]>,
    from: number,
    to: number,
  ): Effect.Effect<ReadonlyArray<ActionRow>>
  /** The run of the goal that a waiting one waits for. */
  ahead(id: string, waiting: SlotRun): Effect.Effect<RunAhead | null>
  /** The limits of a live run's customer and agent type that are reached now. */
  limitsReached(scheduled_run_id: string): Effect.Effect<ReadonlyArray<ReachedLimit>>
  /** The nearest run of the goal, before or after a slot, that was open when the slot's run was closed. */
  openAt(id: string, slot: number, closed_at: number, which: "before" | "after"): Effect.Effect<OtherRun | null>
}>()("scheduler/AnswersRepo") {
  static readonly layer = Layer.effect(
    AnswersRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const runs = yield* RunsRepo
      const ofGoal = yield* goalReads
      const ofRun = yield* runReads
      const orNull = <A, E>(effect: Effect.Effect<Option.Option<A>, E>) =>
        Effect.orDie(Effect.map(effect, Option.getOrNull))

      const queue = yield* Queue
      const isWhole = SqlSchema.findOne({
        Request: Schema.String,
        Result: Schema.Struct({ whole: Schema.Boolean }),
        execute: (id) =>
          sql`select not exists (select from run_queue where goal_instance_id = ${id} and not recorded) as whole`,
      })
      // a failure of the effect is passed on as a value: there is nothing to roll back
      const once = <A, E, R>(effect: Effect.Effect<A, E, R>, goal: string, isEnough: boolean) =>
        sql.withTransaction(Effect.gen(function* () {
          yield* sql`set transaction isolation level repeatable read, read only`
          return isEnough || (yield* isWhole(goal)).whole ? yield* Effect.exit(effect) : undefined
        }))
      const snapshot = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>, goal: string) {
        for (let looks = 1;; looks++) {
          yield* queue.record({ goals: [goal] })
          const result = yield* once(effect, goal, looks === LOOKS)
          if (result !== undefined) return result
        }
      })

      return AnswersRepo.of({
        snapshot: (effect, goal) => Effect.orDie(snapshot(effect, goal)).pipe(Effect.flatten),
        history: Effect.fnUntraced(function* (id, at) {
          return { rows: yield* ofGoal.versions({ id, at }), since: (yield* ofGoal.firstVersion(id)).since }
        }, Effect.orDie),
        runsIn: (id, from, to) => Effect.orDie(ofGoal.runsIn({ id, from, to })),
        run: Effect.fnUntraced(function* (id) {
          const run = yield* runs.read(id)
          const details = yield* ofRun.details(id)
          return Option.isNone(run) || Option.isNone(details) ? null : { run: run.value, ...details.value }
        }, Effect.orDie),
        execution: (key) => orNull(ofRun.execution(key)),
        missed: (id, slot) => orNull(ofGoal.missed({ id, slot })),
        dropped: (id, from, to) => orNull(ofGoal.dropped({ id, from, to })),
        goingOn: (id) => Effect.orDie(ofGoal.goingOn(id)),
        deadLetter: (run) => orNull(ofRun.deadLetter(run)),
        discard: (id, dlq_id, closed_at) => orNull(ofRun.discard({ id, dlq_id, closed_at })),
        pauseLines: (scopes, from, to) => Effect.orDie(ofGoal.pauseLines({ scopes, from, to })),
        ahead: (id, { scheduled_run_id, slot }) => orNull(ofRun.ahead({ id, scheduled_run_id, slot })),
        limitsReached: (id) => Effect.orDie(ofRun.limitsReached(id)),
        openAt: (id, slot, closed_at, which) =>
          orNull(ofGoal[which === "before" ? "openBefore" : "openAfter"]({ id, slot, closed_at: closed_at + 1 })),
      })
    }),
  )
}
