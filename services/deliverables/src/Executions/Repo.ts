/**
 * The SQL of executions. Transitions of `state`: commit (-> pending), complete (-> delivered), fail and refuse (-> failed),
 * retry and postpone (stay pending); a deletion of the deliverable fails it (Deliverables/Repo.ts), a person's retry arms it
 * again (Deliveries/Repo.ts).
 *
 * Every statement that changes both tables locks the row of `deliverables` first, so that none deadlocks with another. A
 * trigger notes whose an execution is, and when it was armed and ended (sql/deliverables/075_delivery_targets.up.sql).
 */
import { PgClient } from "@effect/sql-pg"
import { DeliveryTarget } from "@stint/domain/Definition/HireSettings"
import { DeliveryRefusal } from "@stint/domain/deliverables/Deliverables"
import { ApprovalId, CustomerId, DeliverableId, HiredInstanceId } from "@stint/domain/Ids"
import { InstantColumn } from "@stint/domain/Instants"
import type { Entry } from "@stint/edge/Paging"
import { decodeEach } from "@stint/edge/Pg/Rows"
import { Context, type DateTime, Effect, Layer, Option, Queue, Schema, type Scope } from "effect"
import { SqlSchema } from "effect/sql"
import { isBacked, ofOther } from "./Repo/Intents.ts"
import { ClaimedRow } from "./Row.ts"
import { endings } from "./Repo/Endings.ts"

/**
 * The lease of a claim, in seconds: longer than the lookup of its hire and an attempt may take (`ABANDON`). After it another
 * may claim the row.
 */
export const LEASE_SECONDS = 20

/** The channel that replicas notify of a retry. */
export const CHANNEL = "stint_executions"

/** What to deliver and where, and the approval that the caller judged it by. */
export const Intent = Schema.Struct({
  /** The delivery id, unless the deliverable has one from an earlier request. */
  delivery_id: Schema.String,
  deliverable_id: DeliverableId,
  approval_id: Schema.NullOr(ApprovalId),
  /** The version of the deliverable that the caller judged. */
  version: Schema.Int,
  target: DeliveryTarget,
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

/** How many attempts of each customer this replica has in hand. A customer that has `most` gets no more. */
export interface InHand {
  readonly counts: ReadonlyMap<string, number>
  readonly most: number
}

/** Executions. The database's clock decides what is due and which lease has ended. */
export class ExecutionsRepo extends Context.Service<ExecutionsRepo, {
  /**
   * Commits the intent and claims it for its first attempt. None, and nothing is changed, when the deliverable was
   * written since it had that version, another execution of it is pending, it has expired, or of its approvals too few are
   * good still, at this instant.
   */
  commit(intent: Intent): Effect.Effect<Option.Option<ClaimedRow>>
  /**
   * Claims at most `limit` executions that are due, and counts an attempt of each: of every customer as many as its share
   * still allows, the longest due first, the first of each customer before the second of any. One without `row` can't be
   * read.
   */
  claim(limit: number, inHand: InHand): Effect.Effect<ReadonlyArray<Entry<ClaimedRow, Claim>>>
  /** Records the delivery: the deliverable is executed. False when the claim was lost. */
  complete(claim: Claim, at: DateTime.Utc): Effect.Effect<boolean>
  /** Records a failed attempt; the next one is due after `delay` milliseconds. False when the claim was lost. */
  retry(claim: Claim, error: string, delay: number): Effect.Effect<boolean>
  /** Records a failure after which no attempt follows until it is executed again. False when the claim was lost. */
  fail(claim: Claim, error: string): Effect.Effect<boolean>
  /** Records that it may not be delivered: no attempt follows. False when the claim was lost. */
  refuse(claim: Claim, code: DeliveryRefusal, why: string): Effect.Effect<boolean>
  /** Gives a claim back without an attempt, to be claimed again after `delay` milliseconds. False when it was lost. */
  postpone(claim: Claim, why: string, delay: number): Effect.Effect<boolean>
  /** Refuses what of a hire waits for an attempt. What is under way is refused by its next attempt. */
  refuseHire(hire: HiredInstanceId, code: DeliveryRefusal, why: string): Effect.Effect<void>
  /** Those of the hires that have pending executions. */
  awaited(hires: ReadonlyArray<HiredInstanceId>): Effect.Effect<ReadonlyArray<HiredInstanceId>>
  /** Milliseconds until the next execution that can be claimed is due (0: now); undefined when none is. */
  nextDue(inHand: InHand): Effect.Effect<number | undefined>
  /** Listens for notifications until the scope closes. The inner effect waits for the next one. */
  readonly listen: Effect.Effect<Effect.Effect<void>, never, Scope.Scope>
}>()("deliverables/ExecutionsRepo") {
  static readonly layer = Layer.effect(
    ExecutionsRepo,
    Effect.map(
      PgClient.PgClient,
      (sql) => ExecutionsRepo.of({ ...intents(sql), ...outcomes(sql), ...endings(sql), ...wakeUps(sql) }),
    ),
  )
}

const leaseEnd = (sql: PgClient.PgClient) => sql`now() + make_interval(secs => ${LEASE_SECONDS})`

/** The columns of a claimed execution `e`, and what it is joined with for them. */
const held = (sql: PgClient.PgClient) =>
  sql`e.*, d.revision, d.idempotency_key, d.hired_instance_id, d.goal_instance_id, d.payload, d.approval_required, d.approval_id as named_approval_id,
      case when a.approval_id is not null then jsonb_build_object('deliverable_id', a.deliverable_id,
        'customer_id', a.customer_id, 'decision', a.decision, 'content_sha256', a.content_sha256, 'target', a.target)
      end as approved`
const holders = (sql: PgClient.PgClient) =>
  sql`join deliverables d on d.deliverable_id = e.deliverable_id
      left join approvals a on a.approval_id = e.approval_id`

/** Commits and claims. */
const intents = (sql: PgClient.PgClient) => {
  const commit = SqlSchema.findOneOption({
    Request: Intent,
    Result: ClaimedRow,
    execute: (i) =>
      sql`with d as (
            update deliverables d set executing = true, updated_at = now()
            where d.deliverable_id = ${i.deliverable_id} and d.version = ${i.version} and not d.executing
              and d.execution_status = 'not_executed' and d.deleted_at is null and d.revising_since is null
              and (d.review_status <> 'pending_review' or d.expires_at is null or d.expires_at > now())
              and d.approval_id is not distinct from ${i.approval_id}
              and (d.approval_id is null or ${
        isBacked(sql, { content_sha256: sql`${i.content_sha256}::varchar`, target: sql`${sql.json(i.target)}::jsonb` })
      })
            returning d.deliverable_id, d.approval_id
          ), committed as (
            insert into executions as e (delivery_id, deliverable_id, approval_id, target, body, content_sha256, state,
              requested_by, attempts, next_attempt_at, locked_until, fence, created_at)
            select ${i.delivery_id}, deliverable_id, approval_id, ${sql.json(i.target)}, ${i.body}, ${i.content_sha256},
              'pending', ${i.requested_by}, 1, now(), ${leaseEnd(sql)}, nextval('execution_fence'), now() from d
            on conflict (deliverable_id) do update set state = 'pending', approval_id = excluded.approval_id,
              target = excluded.target, body = excluded.body, content_sha256 = excluded.content_sha256,
              requested_by = excluded.requested_by,
              ${ofOther(sql, "delivery_id", sql`e.delivery_id`)}, ${ofOther(sql, "created_at", sql`e.created_at`)},
              ${ofOther(sql, "attempts", sql`e.attempts + 1`)},
              next_attempt_at = excluded.next_attempt_at, locked_until = excluded.locked_until, fence = excluded.fence
            returning *
          ) select ${held(sql)} from committed e ${holders(sql)}`,
  })
  // by customer, each by its index: a backlog of one is not read to find what is due of another
  const claim = (limit: number, { counts, most }: InHand) => {
    const busy = JSON.stringify([...counts].map(([customer_id, n]) => ({ customer_id, n })))
    return sql`with recursive busy as (
            select * from json_to_recordset(${busy}::json) as b (customer_id varchar, n integer)
          ), customers as (
            (select customer_id from executions where state = 'pending' order by customer_id limit 1)
            union all
            select (select e.customer_id from executions e where e.state = 'pending' and e.customer_id > c.customer_id
              order by e.customer_id limit 1)
            from customers c where c.customer_id is not null
          ), due as (
            select e.delivery_id, e.next_attempt_at, row_number() over (partition by c.customer_id
              order by e.next_attempt_at) as turn
            from customers c left join busy b on b.customer_id = c.customer_id
            cross join lateral (
              select delivery_id, next_attempt_at from executions
              where state = 'pending' and customer_id = c.customer_id and next_attempt_at <= now()
                and (locked_until is null or locked_until <= now())
              order by next_attempt_at limit greatest(0, ${most} - coalesce(b.n, 0))) e
          ), taken as (
            select delivery_id from executions
            where delivery_id = any (array(select delivery_id from due order by turn, next_attempt_at limit ${limit}))
              and state = 'pending' and next_attempt_at <= now() and (locked_until is null or locked_until <= now())
            for update skip locked
          ), claimed as (
            update executions e set attempts = attempts + 1, locked_until = ${leaseEnd(sql)},
              fence = nextval('execution_fence')
            from taken where e.delivery_id = taken.delivery_id
            returning e.*
          ) select ${held(sql)} from claimed e ${holders(sql)}`
  }
  const decode = decodeEach({ what: "executions", Key: Claim, Result: ClaimedRow })
  return {
    commit: (intent: Intent) => Effect.orDie(commit(intent)),
    claim: (limit: number, inHand: InHand) =>
      Effect.orDie(Effect.flatMap(claim(limit, inHand), (rows) => decode(rows as ReadonlyArray<object>))),
  }
}

/** Writes the outcome of a claimed attempt, if the claim still holds. */
const outcomes = (sql: PgClient.PgClient) => {
  const Written = Schema.Struct({ delivery_id: Schema.String })
  const isHeld = (c: typeof Claim.Encoded) => sql`delivery_id = ${c.delivery_id} and fence = ${c.fence}`
  const locked = (c: typeof Claim.Encoded) =>
    sql`d as (select deliverable_id from deliverables where deliverable_id = ${c.deliverable_id} for update)`
  const complete = SqlSchema.findAll({
    Request: Schema.Struct({ ...Claim.fields, at: InstantColumn }),
    Result: Written,
    // also when the deliverable was deleted meanwhile, since it was delivered; written twice it changes nothing
    execute: (c) =>
      sql`with ${locked(c)}, e as (
            update executions set state = 'delivered', delivered_at = ${c.at}, last_error = null,
              next_attempt_at = null, locked_until = null
            from d where executions.deliverable_id = d.deliverable_id and ${isHeld(c)}
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
            where ${isHeld(c)} and state = 'pending' returning delivery_id
          ) select delivery_id, pg_notify(${CHANNEL}, '')::text as notified from e`,
  })
  const postpone = SqlSchema.findAll({
    Request: Schema.Struct({ ...Claim.fields, error: Schema.String, delay: Schema.Number }),
    Result: Written,
    execute: (c) =>
      sql`update executions set attempts = attempts - 1, last_error = ${c.error}, locked_until = null,
            next_attempt_at = now() + make_interval(secs => ${c.delay / 1000}::double precision)
          where ${isHeld(c)} and state = 'pending' returning delivery_id`,
  })
  const fail = SqlSchema.findAll({
    Request: Schema.Struct({
      ...Claim.fields,
      error: Schema.String,
      refusal: Schema.NullOr(DeliveryRefusal),
    }),
    Result: Written,
    execute: (c) =>
      sql`with ${locked(c)}, e as (
            update executions set state = 'failed', last_error = ${c.error}, refusal = ${c.refusal},
              next_attempt_at = null, locked_until = null
            from d where executions.deliverable_id = d.deliverable_id and ${isHeld(c)} and state = 'pending'
            returning executions.delivery_id, executions.deliverable_id
          ) update deliverables set executing = false, updated_at = now()
            from e where deliverables.deliverable_id = e.deliverable_id returning e.delivery_id`,
  })
  const wasHeld = (rows: ReadonlyArray<unknown>) => rows.length > 0
  return {
    complete: (c: Claim, at: DateTime.Utc) => Effect.orDie(Effect.map(complete({ ...c, at }), wasHeld)),
    retry: (c: Claim, error: string, delay: number) => Effect.orDie(Effect.map(retry({ ...c, error, delay }), wasHeld)),
    fail: (c: Claim, error: string) => Effect.orDie(Effect.map(fail({ ...c, error, refusal: null }), wasHeld)),
    refuse: (c: Claim, refusal: DeliveryRefusal, error: string) =>
      Effect.orDie(Effect.map(fail({ ...c, error, refusal }), wasHeld)),
    postpone: (c: Claim, error: string, delay: number) =>
      Effect.orDie(Effect.map(postpone({ ...c, error, delay }), wasHeld)),
  }
}

/** When to claim again. */
const wakeUps = (sql: PgClient.PgClient) => {
  const nextDue = SqlSchema.findOne({
    Request: Schema.Array(CustomerId),
    Result: Schema.Struct({ wait: Schema.NullOr(Schema.Number) }),
    execute: (without) =>
      sql`select (extract(epoch from min(greatest(next_attempt_at, locked_until)) - now()) * 1000)::float8 as wait
          from executions where state = 'pending' and customer_id <> all (${without}::text[])`,
  })
  return {
    nextDue: ({ counts, most }: InHand) =>
      Effect.orDie(Effect.map(
        nextDue([...counts].flatMap(([customer, n]) => n >= most ? [CustomerId.make(customer)] : [])),
        ({ wait }) => wait === null ? undefined : Math.max(0, Math.ceil(wait)),
      )),
    listen: Effect.orDie(
      Effect.map(sql.listen(CHANNEL), (queue) => Effect.orDie(Effect.asVoid(Queue.takeAll(queue)))),
    ),
  }
}
