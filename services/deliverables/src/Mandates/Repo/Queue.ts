/** The SQL of the queue: revisions by makers that a mandate may cover. Triggers fill it (sql/deliverables/150). */
import type { PgClient } from "@effect/sql-pg"
import type { ApprovalId } from "@stint/domain/Ids"
import type { Entry } from "@stint/edge/Paging"
import { decodeEach } from "@stint/edge/Pg/Rows"
import { Effect, Queue, Schema, type Scope } from "effect"
import { SqlSchema } from "effect/sql"
import { Queued, QueuedRow } from "../Row.ts"

/** How long a replica has a row for itself, in seconds: longer than a lookup, a use and an attempt to deliver may take. */
const LEASE_SECONDS = 30

/** The channel that the triggers notify. */
const CHANNEL = "stint_mandates"

/** How many rows of each customer this replica has in hand. A customer that has `most` gets no more. */
export interface InHand {
  readonly counts: ReadonlyMap<string, number>
  readonly most: number
}

/** The queue. The database's clock says what is due and which lease has ended. */
export interface QueueRepo {
  /** Takes at most `limit` that are due, of every customer as many as its share allows, the longest due first. */
  readonly claim: (limit: number, inHand: InHand) => Effect.Effect<ReadonlyArray<Entry<QueuedRow, Queued>>>
  /**
   * Takes one out of the queue, if its approval is still this one: another replica, which took it once its lease had ended, may
   * have approved it since, and executes it.
   */
  readonly done: (queued: Queued, approval_id: ApprovalId | null) => Effect.Effect<void>
  /** Takes one out of the queue whatever it is. */
  readonly drop: (queued: Queued) => Effect.Effect<void>
  /** Gives one back, to be looked at after `delay` milliseconds. */
  readonly postpone: (queued: Queued, delay: number) => Effect.Effect<void>
  /** Milliseconds until the next can be taken (0: now); undefined when none is there. */
  readonly nextDue: (inHand: InHand) => Effect.Effect<number | undefined>
  /** Listens for new rows until the scope closes. The inner effect waits for the next. */
  readonly listen: Effect.Effect<Effect.Effect<void>, never, Scope.Scope>
}

/** What is due, by customer, each by its index: many of one are not read to find what is due of another. */
const claiming = (sql: PgClient.PgClient, limit: number, { counts, most }: InHand) => {
  const busy = JSON.stringify([...counts].map(([customer_id, n]) => ({ customer_id, n })))
  return sql`with recursive busy as (
        select * from json_to_recordset(${busy}::json) as b (customer_id varchar, n integer)
      ), customers as (
        (select customer_id from mandate_queue order by customer_id limit 1)
        union all
        select (select q.customer_id from mandate_queue q where q.customer_id > c.customer_id order by q.customer_id limit 1)
        from customers c where c.customer_id is not null
      ), due as (
        select q.deliverable_id, q.revision, q.due_at, row_number() over (partition by c.customer_id order by q.due_at) as turn
        from customers c left join busy b on b.customer_id = c.customer_id
        cross join lateral (
          select deliverable_id, revision, due_at from mandate_queue
          where customer_id = c.customer_id and due_at <= now() and (locked_until is null or locked_until <= now())
          order by due_at limit greatest(0, ${most} - coalesce(b.n, 0))) q
      ), taken as (
        select q.deliverable_id, q.revision from mandate_queue q
        where (q.deliverable_id, q.revision) in (select deliverable_id, revision from due order by turn, due_at limit ${limit})
          and (q.locked_until is null or q.locked_until <= now())
        for update skip locked
      ), claimed as (
        update mandate_queue q set locked_until = now() + make_interval(secs => ${LEASE_SECONDS})
        from taken t where q.deliverable_id = t.deliverable_id and q.revision = t.revision
        returning q.*
      )
      select q.deliverable_id, q.revision, q.queued_at, q.approval_id, q.customer_id, d.hired_instance_id, d.goal_instance_id,
        d.goal_template_id, d.payload, d.approval_rules, d.version, d.execution_status, d.executing, a.decided_by,
        extract(epoch from now() - q.queued_at)::float8 as seconds,
        d.revision = q.revision and d.edited_by is null and d.revising_since is null and d.deleted_at is null
          and d.review_status = 'pending_review' and (d.expires_at is null or d.expires_at > now())
          and d.execution_status = 'not_executed' and not d.executing as waits
      from claimed q join deliverables d on d.deliverable_id = q.deliverable_id
      left join approvals a on a.approval_id = q.approval_id`
}

/** The statements of the queue. */
export const queueOf = (sql: PgClient.PgClient): QueueRepo => {
  const decode = decodeEach({ what: "mandate queue", Key: Queued, Result: QueuedRow })
  const nextDue = SqlSchema.findOne({
    Request: Schema.Array(Schema.String),
    Result: Schema.Struct({ wait: Schema.NullOr(Schema.Number) }),
    execute: (without) =>
      sql`select (extract(epoch from min(greatest(due_at, locked_until)) - now()) * 1000)::float8 as wait
          from mandate_queue where customer_id <> all (${without}::text[])`,
  })
  const isIt = ({ deliverable_id, revision }: Queued) =>
    sql`deliverable_id = ${deliverable_id} and revision = ${revision}::integer`
  return {
    claim: (limit, inHand) =>
      Effect.orDie(Effect.flatMap(claiming(sql, limit, inHand), (rows) => decode(rows as ReadonlyArray<object>))),
    done: (queued, approval_id) =>
      Effect.orDie(Effect.asVoid(
        sql`delete from mandate_queue where ${
          isIt(queued)
        } and approval_id is not distinct from ${approval_id}::varchar`,
      )),
    drop: (queued) => Effect.orDie(Effect.asVoid(sql`delete from mandate_queue where ${isIt(queued)}`)),
    postpone: (queued, delay) =>
      Effect.orDie(Effect.asVoid(
        sql`update mandate_queue set locked_until = null,
              due_at = now() + make_interval(secs => ${delay / 1000}::double precision)
            where ${isIt(queued)}`,
      )),
    nextDue: ({ counts, most }) =>
      Effect.orDie(Effect.map(
        nextDue([...counts].flatMap(([customer, n]) => n >= most ? [customer] : [])),
        ({ wait }) => wait === null ? undefined : Math.max(0, Math.ceil(wait)),
      )),
    listen: Effect.orDie(
      Effect.map(sql.listen(CHANNEL), (queue) => Effect.orDie(Effect.asVoid(Queue.takeAll(queue)))),
    ),
  }
}
