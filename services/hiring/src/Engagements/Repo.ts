/** The transactions on engagements. The statements stand in Repo/, a file a table. */
import { PgClient } from "@effect/sql-pg"
import type { NewActionLine } from "@stint/domain/ActionLine"
import type { HiredInstanceId, SubscriptionId } from "@stint/domain/Ids"
import { ActionLogRepo } from "@stint/edge/ActionLog/Repo"
import { IdempotencyRepo } from "@stint/edge/Idempotency/Repo"
import type { KeptReply } from "@stint/edge/Idempotency/WithWork"
import { oneLine } from "@stint/edge/OutageLog"
import { isSqlUnavailable } from "@stint/edge/Pg"
import { setAside } from "@stint/edge/Unreadable"
import { Cause, Context, Effect, Exit, Layer, Option, Result } from "effect"
import { isSqlError } from "effect/sql/SqlError"
import { OutboxRepo } from "../Outbox/Repo.ts"
import { after, type Amendment } from "./Amendment.ts"
import { subscriptionChange } from "./Changes.ts"
import { quotaStatements } from "../Quotas/Repo.ts"
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

/** What became of one hire of many. */
export interface Amending<A, E> {
  readonly id: HiredInstanceId
  /** Absent when the hire can't be read or stored. */
  readonly outcome?: Result.Result<Stored<A>, E>
}

/** Subscriptions, hires and goals. */
export class EngagementsRepo extends Context.Service<EngagementsRepo, {
  /**
   * Stores a new subscription, its change and what is kept of its reply, unless its customer has `limit` that are not canceled:
   * then none. Returns the stored one when that id is there already. Dies of KeyTaken when its key is.
   */
  subscribe(
    row: SubscriptionRow,
    limit: number,
    kept: KeptReply | undefined,
  ): Effect.Effect<Option.Option<SubscriptionRow>>
  /**
   * In one transaction: locks the engagement, decides on what is stored, and stores the amendment and its changes. Stores
   * nothing when the decision fails. None: there is no such engagement. `adds` says that a hire or a goal may be added: what
   * the customer has is counted, and stays so until the end.
   */
  amend<A extends Amendment, E>(
    target: Target,
    goals: GoalsWanted,
    decide: (engagement: Engagement) => Result.Result<A, E>,
    adds: boolean,
  ): Effect.Effect<Option.Option<Stored<A>>, E>
  /**
   * As `amend`, for each of these hires with all its goals, in order and in one transaction, with the line of the action log
   * that `record` makes of those that were stored. One whose decision fails stays as it is; one that can't be read or stored
   * is set aside and has no outcome. The others go on.
   */
  amendEach<A extends Amendment, E>(
    ids: ReadonlyArray<HiredInstanceId>,
    decide: (engagement: Engagement) => Result.Result<A, E>,
    record: (stored: ReadonlyArray<Stored<A>>) => NewActionLine | undefined,
  ): Effect.Effect<ReadonlyArray<Amending<A, E>>>
  readonly subscriptions: SubscriptionReads
  readonly hires: HireReads
  readonly goals: GoalReads
}>()("hiring/EngagementsRepo") {
  static readonly layer = Layer.effect(
    EngagementsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const outbox = yield* OutboxRepo
      const log = yield* ActionLogRepo
      const subscriptions = subscriptionStatements(sql)
      const hires = hireStatements(sql)
      const goals = goalStatements(sql)
      const store = yield* storing
      const quotas = quotaStatements(sql)
      const keys = yield* IdempotencyRepo

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

      const amendOne = Effect.fnUntraced(function* <A extends Amendment, E>(
        id: HiredInstanceId,
        decide: (engagement: Engagement) => Result.Result<A, E>,
      ) {
        const before = yield* Effect.map(load({ hired_instance_id: id }, "all"), Option.getOrThrow)
        const decided = decide(before)
        if (Result.isFailure(decided)) return Result.fail(decided.failure)
        const amendment = decided.success
        yield* store(amendment)
        return Result.succeed({ before, after: after(before, amendment), amendment })
      })

      const amendEach = Effect.fnUntraced(function* <A extends Amendment, E>(
        ids: ReadonlyArray<HiredInstanceId>,
        decide: (engagement: Engagement) => Result.Result<A, E>,
        record: (stored: ReadonlyArray<Stored<A>>) => NewActionLine | undefined,
      ) {
        const all: Array<Amending<A, E>> = []
        for (const id of ids) {
          // A savepoint: one that can't be read or stored takes no other along
          const exit = yield* Effect.exit(sql.withTransaction(amendOne(id, decide)))
          if (Exit.isSuccess(exit)) all.push({ id, outcome: exit.value })
          else if (isSqlUnavailable(Cause.squash(exit.cause)) || Cause.hasInterrupts(exit.cause)) {
            return yield* Effect.failCause(exit.cause)
          } else {
            yield* setAside("hires", id, `it, or one of its goals, can't be read or written: ${oneLine(exit.cause)}`)
            all.push({ id })
          }
        }
        const stored = all.flatMap(({ outcome }) =>
          outcome !== undefined && Result.isSuccess(outcome) ? [outcome.success] : []
        )
        const line = record(stored)
        if (line !== undefined) yield* log.write(line)
        return all
      })

      return EngagementsRepo.of({
        amendEach: (ids, decide, record) => Effect.orDie(sql.withTransaction(amendEach(ids, decide, record))),
        subscribe: (row, limit, kept) =>
          Effect.gen(function* () {
            const has = yield* quotas.subscriptions(row.customer_id)
            if (has >= limit) return yield* subscriptions.reads.find(row.subscription_id)
            const { made, ...stored } = yield* subscriptions.insert(row)
            if (kept !== undefined) yield* keys.take(kept)
            if (made) yield* outbox.append([subscriptionChange(row)])
            return Option.some(stored)
          }).pipe(sql.withTransaction, Effect.orDie),
        amend: (target, wanted, decide, adds) =>
          Effect.gen(function* () {
            const found = yield* load(target, wanted)
            if (Option.isNone(found)) return Option.none()
            const { hire, subscription } = found.value
            const counts = adds
              ? { counts: yield* quotas.engagements(subscription.customer_id, hire?.hired_instance_id ?? null) }
              : {}
            const before = { ...found.value, ...counts }
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
