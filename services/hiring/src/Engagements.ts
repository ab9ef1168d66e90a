/**
 * An engagement is a subscription, the hire under it and the hire's goals. They change together, under one lock: a
 * subscription's state decides whether its hire runs, a goal can start the hire's trial.
 */
import { CurrentCaller } from "@stint/domain/Caller"
import { type HireGone, HireNotFound } from "@stint/domain/hiring/Hires"
import type { HiredInstanceId } from "@stint/domain/Ids"
import { Unavailable } from "@stint/domain/Problem"
import { Context, DateTime, Effect, Layer, Option, Result } from "effect"
import { type Amendment, amendmentOf, type Decision } from "./Engagements/Amendment.ts"
import { DefinitionMoved, visible } from "./Engagements/Policy.ts"
import { EngagementsRepo, type GoalsWanted, type Target } from "./Engagements/Repo.ts"
import type { Engagement, Hired, HireRow } from "./Engagements/Row.ts"

/** A stored write: how the engagement was, how it is, and what was decided. */
export interface Amended<D> {
  readonly before: Engagement
  readonly after: Engagement
  readonly decision: D
}

/** The writes of engagements, and the hires that a caller may see. */
export class Engagements extends Context.Service<Engagements, {
  /** A hire with its subscription's state. Another customer's is not found; past its retention it is gone. */
  hire(target: Target): Effect.Effect<Hired, HireNotFound | HireGone, CurrentCaller>
  /**
   * Locks the engagement, decides on what is stored, and stores the decision with its consequences; stores nothing when
   * the decision fails. None: there is no such engagement. Whether the caller may see it is for `decide`. With `adds` the
   * engagement has `counts`, for a decision that adds a hire or a goal.
   */
  amend<D extends Decision, E>(
    target: Target,
    goals: GoalsWanted,
    decide: (engagement: Engagement, now: DateTime.Utc) => Result.Result<D, E>,
    adds?: boolean,
  ): Effect.Effect<Option.Option<Amended<D>>, E>
  /** As `amend`, for a hire that the caller may see. */
  amendHire<D extends Decision, E>(
    id: HiredInstanceId,
    goals: GoalsWanted,
    decide: (engagement: Engagement, hire: HireRow, now: DateTime.Utc) => Result.Result<D, E>,
    adds?: boolean,
  ): Effect.Effect<Amended<D>, E | HireNotFound | HireGone, CurrentCaller>
}>()("hiring/Engagements") {
  static readonly layer = Layer.effect(
    Engagements,
    Effect.gen(function* () {
      const repo = yield* EngagementsRepo

      const hire = Effect.fn("Engagements.hire")(function* (target: Target) {
        const asked = "hired_instance_id" in target ? target.hired_instance_id : target.subscription_id
        const found = yield* repo.hires.find(target)
        if (Option.isNone(found)) return yield* new HireNotFound({ detail: asked })
        yield* Effect.fromResult(visible(yield* CurrentCaller, found.value, yield* DateTime.now, asked))
        return found.value
      })

      const amend = Effect.fn("Engagements.amend")(function* <D extends Decision, E>(
        target: Target,
        goals: GoalsWanted,
        decide: (engagement: Engagement, now: DateTime.Utc) => Result.Result<D, E>,
        adds = false,
      ) {
        const now = yield* DateTime.now
        const stored = yield* repo.amend(
          target,
          goals,
          (before) =>
            Result.map(decide(before, now), (decision): Amendment & { readonly decision: D } => ({
              ...amendmentOf(before, decision, now),
              decision,
            })),
          adds,
        )
        return Option.map(stored, ({ after, amendment: { decision }, before }): Amended<D> => ({
          before,
          after,
          decision,
        }))
      })

      const amendHire = Effect.fn("Engagements.amendHire")(function* <D extends Decision, E>(
        id: HiredInstanceId,
        goals: GoalsWanted,
        decide: (engagement: Engagement, hire: HireRow, now: DateTime.Utc) => Result.Result<D, E>,
        adds = false,
      ) {
        const caller = yield* CurrentCaller
        const amended = yield* amend(
          { hired_instance_id: id },
          goals,
          (engagement, now): Result.Result<D, E | HireNotFound | HireGone> =>
            Result.flatMap(
              visible(caller, engagement, now, id),
              (hire): Result.Result<D, E> => decide(engagement, hire, now),
            ),
          adds,
        )
        return yield* Effect.mapError(Effect.fromOption(amended), () => new HireNotFound({ detail: id }))
      })

      return Engagements.of({ hire, amend, amendHire })
    }),
  )
}

/** Retries a write that needs the hire's definition while other drafts move the hire; Unavailable after three times. */
export const retryMoved = <A, E, R>(write: Effect.Effect<A, E | DefinitionMoved, R>) =>
  write.pipe(
    Effect.retry({ times: 3, while: isMoved }),
    Effect.catchIf(
      isMoved,
      () => new Unavailable({ detail: "Other requests are moving the hire to another definition; try again" }),
    ),
  )

const isMoved = (error: unknown): error is DefinitionMoved => error instanceof DefinitionMoved
