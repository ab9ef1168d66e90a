/**
 * The SQL of executions. Transitions of `state`: commit (-> pending), complete (-> delivered), fail (-> failed), retry
 * (stays pending); a deletion of the deliverable fails it (Deliverables/Repo.ts).
 *
 * Every statement that changes both tables locks the row of `deliverables` first, so that none deadlocks with another.
 */
import { PgClient } from "@effect/sql-pg"
import { ExecutionSettings } from "@stint/domain/Definition/HireSettings"
import { ReviewStatus } from "@stint/domain/deliverables/Deliverables"
import { ApprovalId, DeliverableId } from "@stint/domain/Ids"
import { Context, type DateTime, Effect, Layer, Option, Queue, Schema, type Scope } from "effect"
import { SqlSchema } from "effect/sql"
import { ExecutionRow } from "./Row.ts"

/** The lease of a claim, in seconds: longer than an attempt may take (`ABANDON`). After it another may claim the row. */
export const LEASE_SECONDS = 15

/** The channel that replicas notify of a new intent or retry. */
const CHANNEL = "stint_executions"

/** What to deliver and where, and the review that the caller judged it by. */
export const Intent = Schema.Struct({
  /** The delivery id, unless the deliverable has one from an earlier request. */
  delivery_id: Schema.String,
  deliverable_id: DeliverableId,
  review_status: ReviewStatus,
  approval_id: Schema.NullOr(ApprovalId),
  target: ExecutionSettings,
  body: Schema.String,
  content_sha256: Schema.String,
  /** The request, by the id derived from its Idempotency-Key. */
  requested_by: Schema.String,
})
export type Intent = typeof Intent.Type

/** A claim. It is lost once another has claimed the row: the fence is then no longer the current one. */
export const Claim = Schema.Struct({
  delivery_id: Schema.String,
  deliverable_id: DeliverableId,
  fence: Schema.BigInt,
})
export type Claim = typeof Claim.Type

/** Executions. The database's clock decides what is due and which lease has ended. */
export class ExecutionsRepo extends Context.Service<ExecutionsRepo, {
  /**
   * Commits the intent and claims it for its first attempt. None, and nothing is changed, when the deliverable was
   * reviewed, deleted or executed meanwhile, or another execution of it is pending.
   */
  commit(intent: Intent): Effect.Effect<Option.Option<ExecutionRow>>
  /** Claims at most `limit` executions that are due, the longest due first, and counts an attempt of each. */
  claim(limit: number): Effect.Effect<ReadonlyArray<ExecutionRow>>
  /** Records the delivery: the deliverable is executed. False when the claim was lost. */
  complete(claim: Claim, at: DateTime.Utc): Effect.Effect<boolean>
  /** Records a failed attempt; the next one is due after `delay` milliseconds. False when the claim was lost. */
  retry(claim: Claim, error: string, delay: number): Effect.Effect<boolean>
  /** Records a failure after which no attempt follows until it is executed again. False when the claim was lost. */
  fail(claim: Claim, error: string): Effect.Effect<boolean>
  /** Milliseconds until the next execution is due (0: now); undefined when none is pending. */
  readonly nextDue: Effect.Effect<number | undefined>
  /** Listens for notifications until the scope closes. The inner effect waits for the next one. */
  readonly listen: Effect.Effect<Effect.Effect<void>, never, Scope.Scope>
}>()("deliverables/ExecutionsRepo") {
  static readonly layer = Layer.effect(
    ExecutionsRepo,
    Effect.map(PgClient.PgClient, (sql) => ExecutionsRepo.of({ ...intents(sql), ...outcomes(sql), ...wakeUps(sql) })),
  )
}

const leaseEnd = (sql: PgClient.PgClient) => sql`now() + make_interval(secs => ${LEASE_SECONDS})`

/** Commits and claims. */
const intents = (sql: PgClient.PgClient) => {
  const commit = SqlSchema.findOneOption({
    Request: Intent,
    Result: ExecutionRow,
    execute: (i) =>
      sql`with d as (
            update deliverables set executing = true, updated_at = now()
            where deliverable_id = ${i.deliverable_id} and not executing and execution_status = 'not_executed'
              and deleted_at is null and review_status = ${i.review_status}
              and approval_id is not distinct from ${i.approval_id}
            returning deliverable_id, approval_id
          ), committed as (
            insert into executions as e (delivery_id, deliverable_id, approval_id, target, body, content_sha256, state,
              requested_by, attempts, next_attempt_at, locked_until, fence, created_at)
            select ${i.delivery_id}, deliverable_id, approval_id, ${sql.json(i.target)}, ${i.body}, ${i.content_sha256},
              'pending', ${i.requested_by}, 1, now(), ${leaseEnd(sql)}, nextval('execution_fence'), now() from d
            on conflict (deliverable_id) do update set state = 'pending', approval_id = excluded.approval_id,
              target = excluded.target, body = excluded.body, content_sha256 = excluded.content_sha256,
              requested_by = excluded.requested_by, attempts = e.attempts + 1,
              next_attempt_at = excluded.next_attempt_at, locked_until = excluded.locked_until, fence = excluded.fence
            returning *
          ) select committed.*, pg_notify(${CHANNEL}, '')::text as notified from committed`,
  })
  const claim = SqlSchema.findAll({
    Request: Schema.Int,
    Result: ExecutionRow,
    execute: (limit) =>
      sql`update executions set attempts = attempts + 1, locked_until = ${leaseEnd(sql)},
            fence = nextval('execution_fence')
          where delivery_id = any (array(
            select delivery_id from executions
            where state = 'pending' and next_attempt_at <= now() and (locked_until is null or locked_until <= now())
            order by next_attempt_at limit ${limit} for update skip locked))
          returning *`,
  })
  return {
    commit: (intent: Intent) => Effect.orDie(commit(intent)),
    claim: (limit: number) => Effect.orDie(claim(limit)),
  }
}

/** Writes the outcome of a claimed attempt, if the claim still holds. */
const outcomes = (sql: PgClient.PgClient) => {
  const Written = Schema.Struct({ delivery_id: Schema.String })
  const held = (c: typeof Claim.Encoded) => sql`delivery_id = ${c.delivery_id} and fence = ${c.fence}`
  const locked = (c: typeof Claim.Encoded) =>
    sql`d as (select deliverable_id from deliverables where deliverable_id = ${c.deliverable_id} for update)`
  const complete = SqlSchema.findAll({
    Request: Schema.Struct({ ...Claim.fields, at: Schema.DateTimeUtcFromDate }),
    Result: Written,
    // also when the deliverable was deleted meanwhile, since it was delivered; written twice it changes nothing
    execute: (c) =>
      sql`with ${locked(c)}, e as (
            update executions set state = 'delivered', delivered_at = ${c.at}, last_error = null,
              next_attempt_at = null, locked_until = null
            from d where executions.deliverable_id = d.deliverable_id and ${held(c)}
            returning executions.delivery_id, executions.deliverable_id
          ) update deliverables set execution_status = 'executed', executed_at = ${c.at}, executing = false,
              updated_at = now()
            from e where deliverables.deliverable_id = e.deliverable_id returning e.delivery_id`,
  })
  const retry = SqlSchema.findAll({
    Request: Schema.Struct({ ...Claim.fields, error: Schema.String, delay: Schema.Number }),
    Result: Written,
    execute: (c) =>
      sql`with e as (
            update executions set last_error = ${c.error}, locked_until = null,
              next_attempt_at = now() + make_interval(secs => ${c.delay / 1000}::double precision)
            where ${held(c)} and state = 'pending' returning delivery_id
          ) select delivery_id, pg_notify(${CHANNEL}, '')::text as notified from e`,
  })
  const fail = SqlSchema.findAll({
    Request: Schema.Struct({ ...Claim.fields, error: Schema.String }),
    Result: Written,
    execute: (c) =>
      sql`with ${locked(c)}, e as (
            update executions set state = 'failed', last_error = ${c.error}, next_attempt_at = null,
              locked_until = null
            from d where executions.deliverable_id = d.deliverable_id and ${held(c)} and state = 'pending'
            returning executions.delivery_id, executions.deliverable_id
          ) update deliverables set executing = false, updated_at = now()
            from e where deliverables.deliverable_id = e.deliverable_id returning e.delivery_id`,
  })
  const wasHeld = (rows: ReadonlyArray<unknown>) => rows.length > 0
  return {
    complete: (c: Claim, at: DateTime.Utc) => Effect.orDie(Effect.map(complete({ ...c, at }), wasHeld)),
    retry: (c: Claim, error: string, delay: number) => Effect.orDie(Effect.map(retry({ ...c, error, delay }), wasHeld)),
    fail: (c: Claim, error: string) => Effect.orDie(Effect.map(fail({ ...c, error }), wasHeld)),
  }
}

/** When to claim again. */
const wakeUps = (sql: PgClient.PgClient) => {
  const nextDue = SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({ wait: Schema.NullOr(Schema.Number) }),
    execute: () =>
      sql`select (extract(epoch from min(greatest(next_attempt_at, locked_until)) - now()) * 1000)::float8 as wait
          from executions where state = 'pending'`,
  })
  return {
    nextDue: Effect.orDie(Effect.map(
      nextDue(undefined),
      ({ wait }) => wait === null ? undefined : Math.max(0, Math.ceil(wait)),
    )),
    listen: Effect.orDie(
      Effect.map(sql.listen(CHANNEL), (queue) => Effect.orDie(Effect.asVoid(Queue.takeAll(queue)))),
    ),
  }
}
