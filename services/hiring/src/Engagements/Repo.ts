/** Where engagements are kept. One method per atomic unit; two storages, `RepoPg.ts` and `RepoMemory.ts`. */
import type { CustomerId, GoalInstanceId, HiredInstanceId, SubscriptionId } from "@stint/domain/Ids"
import { Context, type DateTime, type Effect, type Option, type Result } from "effect"
import type { Amendment } from "./Policy.ts"
import type { Engagement, GoalRow, Hired, SubscriptionRow } from "./Rows.ts"

/** An engagement, by its subscription or by its hire. */
export type Target = { readonly subscription_id: SubscriptionId } | { readonly hired_instance_id: HiredInstanceId }

/** Which goals a decision looks at: one by its id, all, or none. */
export type GoalsWanted = { readonly goal: GoalInstanceId } | "all" | "none"

/** A stretch of a list: what follows the id `after`, at most `limit` rows. */
export interface Stretch {
  readonly after: string | undefined
  readonly limit: number
}

/** A place among trials by their end: that end, null for one that has not started, and the hire's id. */
export interface TrialPlace {
  readonly trial_end: DateTime.Utc | null
  readonly hired_instance_id: string
}

/** A place among a hire's goals by their age: when one was made, and its id. */
export interface GoalPlace {
  readonly created_at: DateTime.Utc
  readonly goal_instance_id: string
}

/** Subscriptions, hires and goals. */
export class EngagementsRepo extends Context.Service<EngagementsRepo, {
  /** Stores a new subscription and its change; finds the stored one when that id is there already. */
  subscribe(row: SubscriptionRow): Effect.Effect<SubscriptionRow>
  /**
   * Holds an engagement, subscription first, decides on what is stored then, and stores what was decided with the feed's
   * rows: all of it, or nothing when the decision fails. None: there is no such engagement.
   */
  amend<E>(
    target: Target,
    goals: GoalsWanted,
    decide: (engagement: Engagement) => Result.Result<Amendment, E>,
  ): Effect.Effect<Option.Option<Engagement>, E>
  subscription(id: SubscriptionId): Effect.Effect<Option.Option<SubscriptionRow>>
  /** A customer's subscriptions, by id. */
  subscriptions(customer_id: CustomerId, stretch: Stretch): Effect.Effect<ReadonlyArray<SubscriptionRow>>
  hire(target: Target): Effect.Effect<Option.Option<Hired>>
  /** A customer's hires, by id, less those whose subscription ended at `endedBy` or before. */
  hires(customer_id: CustomerId, endedBy: DateTime.Utc, stretch: Stretch): Effect.Effect<ReadonlyArray<Hired>>
  /** Hires of a customer, or of all, by the end of their trial, those without one last; less those ended as above. */
  hiresByTrial(
    customer_id: CustomerId | undefined,
    endedBy: DateTime.Utc,
    stretch: { readonly after: TrialPlace | undefined; readonly limit: number },
  ): Effect.Effect<ReadonlyArray<Hired>>
  /** Every hire, by id. */
  allHires(stretch: Stretch): Effect.Effect<ReadonlyArray<Hired>>
  /** These hires, in no order. */
  hiresOf(ids: ReadonlyArray<HiredInstanceId>): Effect.Effect<ReadonlyArray<Hired>>
  /** Goals of a hire, oldest first. */
  goals(
    hired_instance_id: HiredInstanceId,
    stretch: { readonly after: GoalPlace | undefined; readonly limit: number },
  ): Effect.Effect<ReadonlyArray<GoalRow>>
  /** Every goal, by id. */
  allGoals(stretch: Stretch): Effect.Effect<ReadonlyArray<GoalRow>>
  /** These goals, in no order. */
  goalsOf(ids: ReadonlyArray<GoalInstanceId>): Effect.Effect<ReadonlyArray<GoalRow>>
  /** The slot of the run that a request asked for, while the outbox keeps it. */
  slotOf(request_id: string): Effect.Effect<Option.Option<DateTime.Utc>>
}>()("hiring/EngagementsRepo") {}
