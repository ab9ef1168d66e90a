/** Executions in Postgres. */
import { PgClient } from "@effect/sql-pg"
import { ApprovalId, DeliverableId } from "@stint/domain/Ids"
import { Effect, Layer, Option, Queue, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { type Claim, ExecutionsRepo, type Intent, LEASE_SECONDS } from "../Repo.ts"
import { ExecutionRow } from "../Row.ts"

/** The channel on which replicas tell each other of a new intent. */
const CHANNEL = "stint_executions"

const Written = Schema.Struct({ delivery_id: Schema.String })

/** The layer of `ExecutionsRepo` on Postgres. */
export const layer = Layer.effect(
  ExecutionsRepo,
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const lease = sql`now() + make_interval(secs => ${LEASE_SECONDS})`
    const Arm = Schema.Struct({
      delivery_id: Schema.String,
      deliverable_id: DeliverableId,
      review_status: Schema.String,
      approval_id: Schema.NullOr(ApprovalId),
      target: Schema.Unknown,
      body: Schema.String,
      content_sha256: Schema.String,
      requested_by: Schema.String,
    })
    // The deliverable's row decides between two that want to execute it, and between them and a decision or a deletion
    const arm = SqlSchema.findOneOption({
      Request: Arm,
      Result: ExecutionRow,
      execute: (i) =>
        sql`with d as (
              update deliverables set executing = true, updated_at = now()
              where deliverable_id = ${i.deliverable_id} and not executing and execution_status = 'not_executed'
                and deleted_at is null and review_status = ${i.review_status}
                and approval_id is not distinct from ${i.approval_id}
              returning deliverable_id, approval_id
            ), armed as (
              insert into executions as e (delivery_id, deliverable_id, approval_id, target, body, content_sha256, state,
                requested_by, attempts, next_attempt_at, locked_until, fence, created_at)
              select ${i.delivery_id}, deliverable_id, approval_id, ${
          sql.json(i.target)
        }, ${i.body}, ${i.content_sha256},
                'pending', ${i.requested_by}, 1, now(), ${lease}, nextval('execution_fence'), now() from d
              on conflict (deliverable_id) do update set state = 'pending', approval_id = excluded.approval_id,
                target = excluded.target, body = excluded.body, content_sha256 = excluded.content_sha256,
                requested_by = excluded.requested_by, attempts = e.attempts + 1,
                next_attempt_at = excluded.next_attempt_at, locked_until = excluded.locked_until, fence = excluded.fence
              returning *
            ) select armed.*, pg_notify(${CHANNEL}, '')::text as told from armed`,
    })
    const claim = SqlSchema.findAll({
      Request: Schema.Int,
      Result: ExecutionRow,
      execute: (limit) =>
        sql`update executions set attempts = attempts + 1, locked_until = ${lease}, fence = nextval('execution_fence')
            where delivery_id = any (array(
              select delivery_id from executions
              where state = 'pending' and next_attempt_at <= now() and (locked_until is null or locked_until <= now())
              order by next_attempt_at limit ${limit} for update skip locked))
            returning *`,
    })
    const held = (c: { readonly delivery_id: string; readonly fence: bigint }) =>
      sql`delivery_id = ${c.delivery_id} and fence = ${c.fence}`
    // also when it was deleted meanwhile: what the world saw is what is kept
    const delivered = SqlSchema.findAll({
      Request: Schema.Struct({ delivery_id: Schema.String, fence: Schema.BigInt, at: Schema.DateTimeUtcFromDate }),
      Result: Written,
      execute: (c) =>
        sql`with e as (
              update executions set state = 'delivered', delivered_at = ${c.at}, last_error = null,
                next_attempt_at = null, locked_until = null
              where ${held(c)} and state <> 'delivered' returning delivery_id, deliverable_id
            ) update deliverables d set execution_status = 'executed', executed_at = ${c.at}, executing = false,
                updated_at = now()
              from e where d.deliverable_id = e.deliverable_id returning e.delivery_id`,
    })
    const retry = SqlSchema.findAll({
      Request: Schema.Struct({
        delivery_id: Schema.String,
        fence: Schema.BigInt,
        error: Schema.String,
        delay: Schema.Number,
      }),
      Result: Written,
      execute: (c) =>
        sql`with e as (
              update executions set last_error = ${c.error}, locked_until = null,
                next_attempt_at = now() + make_interval(secs => ${c.delay / 1000}::double precision)
              where ${held(c)} and state = 'pending' returning delivery_id
            ) select delivery_id, pg_notify(${CHANNEL}, '')::text as told from e`,
    })
    const stop = SqlSchema.findAll({
      Request: Schema.Struct({ delivery_id: Schema.String, fence: Schema.BigInt, error: Schema.String }),
      Result: Written,
      execute: (c) =>
        sql`with e as (
              update executions set state = 'failed', last_error = ${c.error}, next_attempt_at = null,
                locked_until = null
              where ${held(c)} and state = 'pending' returning delivery_id, deliverable_id
            ) update deliverables d set executing = false, updated_at = now()
              from e where d.deliverable_id = e.deliverable_id returning e.delivery_id`,
    })
    const nextDue = SqlSchema.findOneOption({
      Request: Schema.Void,
      Result: Schema.Struct({ wait: Schema.NullOr(Schema.Number) }),
      execute: () =>
        sql`select (extract(epoch from min(greatest(next_attempt_at, locked_until)) - now()) * 1000)::float8 as wait
            from executions where state = 'pending'`,
    })
    const heldStill = (rows: ReadonlyArray<unknown>) => rows.length > 0
    return ExecutionsRepo.of({
      arm: (intent: Intent) => Effect.orDie(arm(intent)),
      claim: (limit) => Effect.orDie(claim(limit)),
      delivered: (c: Claim, at) => Effect.orDie(Effect.map(delivered({ ...c, at }), heldStill)),
      retry: (c, error, delay) => Effect.orDie(Effect.map(retry({ ...c, error, delay }), heldStill)),
      stop: (c, error) => Effect.orDie(Effect.map(stop({ ...c, error }), heldStill)),
      nextDue: Effect.orDie(Effect.map(nextDue(undefined), (row) => {
        const wait = Option.isSome(row) ? row.value.wait : null
        return wait === null ? undefined : Math.max(0, Math.ceil(wait))
      })),
      listen: Effect.orDie(
        Effect.map(sql.listen(CHANNEL), (queue) => Effect.orDie(Effect.asVoid(Queue.takeAll(queue)))),
      ),
    })
  }),
)
