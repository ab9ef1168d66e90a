/** The transactions on engagements. The statements stand in Repo/, a file a table. */
import { PgClient } from "@effect/sql-pg"
import { Bounds } from "@stint/domain/Bounds"
import type { HiredInstanceId, SubscriptionId } from "@stint/domain/Ids"
import { Context, Effect, Layer, Option, type Result } from "effect"
import { isSqlError } from "effect/sql/SqlError"
import { OutboxRepo } from "../Outbox/Repo.ts"
import { after, type Amendment } from "./Amendment.ts"
import { subscriptionChange } from "./Changes.ts"
import { type GoalReads, goalStatements } from "./Repo/Goals.ts"
import { type HireReads, hireStatements } from "./Repo/Hires.ts"
import { type SubscriptionReads, subscriptionStatements } from "./Repo/Subscriptions.ts"
import { storing } from "./Repo/Write.ts"
import type { Engagement, SubscriptionRow } from "./Row.ts"

/** An engagement, by its subscription or by its hire. */
export type Target = { readonly subscription_id: SubscriptionId } | { readonly hired_instance_id: HiredInstanceId }

/** Which goals a decision looks at: one by its id, all, or none. */
export type GoalsWanted = { readonly goal: string } | "all" | "none"

/** A stored write. */
export interface Stored<A> {
  readonly before: Engagement
  readonly after: Engagement
  readonly amendment: A
}

/** Subscriptions, hires and goals. */
export class EngagementsRepo extends Context.Service<EngagementsRepo, {
  /** Stores a new subscription and its change. Returns the stored one when that id is there already. */
  subscribe(row: SubscriptionRow): Effect.Effect<SubscriptionRow>
  /**
   * In one transaction: locks the engagement, decides on what is stored, and stores the amendment and its changes. Stores
   * nothing when the decision fails. None: there is no such engagement.
   */
  amend<A extends Amendment, E>(
    target: Target,
    goals: GoalsWanted,
    decide: (engagement: Engagement) => Result.Result<A, E>,
  ): Effect.Effect<Option.Option<Stored<A>>, E>
  readonly subscriptions: SubscriptionReads
  readonly hires: HireReads
  readonly goals: GoalReads
}>()("hiring/EngagementsRepo") {
  static readonly layer = Layer.effect(
    EngagementsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const outbox = yield* OutboxRepo
      const subscriptions = subscriptionStatements(sql)
      const hires = hireStatements(sql, yield* Bounds)
      const goals = goalStatements(sql)
      const store = yield* storing

      // The subscription is locked first, by every writer: what is read after it stays as it is
      const load = Effect.fnUntraced(function* (target: Target, wanted: GoalsWanted) {
        const subscription = yield* subscriptions.lock(target)
        if (Option.isNone(subscription)) return Option.none<Engagement>()
        const one = typeof wanted === "object" ? wanted.goal : null
        const locked = yield* hires.lock(subscription.value.subscription_id, one)
        if (Option.isNone(locked)) {
          return Option.some<Engagement>({
            subscription: subscription.value,
            hire: undefined,
            goals: [],
            otherGoals: false,
          })
        }
        const { hire, otherGoals } = locked.value
        const looked = wanted === "none" ? [] : yield* goals.under(hire.hired_instance_id, one)
        return Option.some<Engagement>({ subscription: subscription.value, hire, goals: looked, otherGoals })
      })

      return EngagementsRepo.of({
        subscribe: (row) =>
          subscriptions.insert(row).pipe(
            Effect.tap(({ made }) => made ? outbox.append([subscriptionChange(row)]) : Effect.void),
            Effect.map(({ made: _, ...stored }) => stored),
            sql.withTransaction,
            Effect.orDie,
          ),
        amend: (target, wanted, decide) =>
          Effect.gen(function* () {
            const found = yield* load(target, wanted)
            if (Option.isNone(found)) return Option.none()
            const before = found.value
            const amendment = yield* Effect.fromResult(decide(before))
            yield* store(amendment)
            return Option.some({ before, after: after(before, amendment), amendment })
          }).pipe(
            sql.withTransaction,
            // BEGIN and COMMIT fail with SqlError, a decision never does
            Effect.catchIf(isSqlError, Effect.die),
          ),
        subscriptions: subscriptions.reads,
        hires: hires.reads,
        goals: goals.reads,
      })
    }),
  )
}
