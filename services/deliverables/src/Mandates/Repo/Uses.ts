/** The SQL of uses: a draft is approved by a mandate, under its lock, at most so often a period. */
import type { PgClient } from "@effect/sql-pg"
import { DeliveryTarget } from "@stint/domain/Definition/HireSettings"
import { ApprovalId, DeliverableId, MandateId, NamedVersion } from "@stint/domain/Ids"
import { InstantColumn } from "@stint/domain/Instants"
import { readable } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import { DateTime, Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { periodOf } from "../Periods.ts"
import { DraftRow, MandateRow, type QueuedRow } from "../Row.ts"

/** An approval that a mandate is to give. */
export const Use = Schema.Struct({
  approval_id: ApprovalId,
  mandate_id: MandateId,
  deliverable_id: DeliverableId,
  revision: Schema.Int,
  /** The version of the deliverable that was judged. */
  version: Schema.Int,
  content_sha256: Schema.String,
  target: DeliveryTarget,
  definition_version: NamedVersion,
  /** For how long the approval is good; null: it never gets too old. */
  valid_for_seconds: Schema.NullOr(Schema.Int),
})
export type Use = typeof Use.Type

/**
 * What came of it. full: it has as many uses of this period as it may have. ended: it was revoked or has expired. changed: the
 * deliverable was written since it was judged.
 */
export type UseOutcome = "used" | "full" | "ended" | "changed"

/** What a mandate says of its uses. */
export type Terms = Pick<MandateRow, "action" | "per" | "timezone" | "max_uses">

/** How many uses a mandate has in a period. */
export interface Counted {
  readonly mandate_id: string
  readonly period: string
}

/** The uses of mandates. */
export interface UsesRepo {
  /** The live mandates that may cover a draft, those that were signed first before others. One that can't be read covers nothing. */
  readonly covering: (draft: QueuedRow) => Effect.Effect<ReadonlyArray<MandateRow>>
  /** Approves a draft; nothing is changed unless it is used. Where the mandate executes, the row of the queue waits for that. */
  readonly use: (use: Use, mandate: Terms) => Effect.Effect<UseOutcome>
  /** The uses of mandates, each in one period, by mandate; those without any are left out. */
  readonly counts: (periods: ReadonlyArray<Counted>) => Effect.Effect<ReadonlyMap<string, number>>
}

const Id = Schema.Struct({ mandate_id: MandateId })
const OfPeriod = Schema.Struct({ mandate_id: MandateId, period: Schema.String })

/** What one use reads and locks. */
const readsOf = (sql: PgClient.PgClient) => ({
  // a revocation waits for this use, or has been committed and is seen
  lock: SqlSchema.findOne({
    Request: MandateId,
    Result: Schema.Struct({ live: Schema.Boolean, now: InstantColumn }),
    execute: (id) =>
      sql`select revoked_at is null and valid_until > now() as live, now() from mandates where mandate_id = ${id} for update`,
  }),
  last: SqlSchema.findOne({
    Request: OfPeriod,
    Result: Schema.Struct({ nth: Schema.Int }),
    execute: ({ mandate_id, period }) =>
      sql`select coalesce(max(nth), 0)::int as nth from mandate_uses where mandate_id = ${mandate_id} and period = ${period}::date`,
  }),
  waiting: SqlSchema.findAll({
    Request: Use,
    Result: Schema.Struct({ deliverable_id: DeliverableId }),
    execute: (u) =>
      sql`select deliverable_id from deliverables
          where deliverable_id = ${u.deliverable_id} and version = ${u.version} and revision = ${u.revision}
            and review_status = 'pending_review' and edited_by is null and revising_since is null and deleted_at is null
            and (expires_at is null or expires_at > now()) and execution_status = 'not_executed' and not executing
          for update`,
  }),
})

/** What one use writes: the approval, the deliverable, the use, and the row of the queue. */
const writesOf = (sql: PgClient.PgClient) => ({
  approve: (u: Use) =>
    sql`insert into approvals (approval_id, deliverable_id, customer_id, decision, notes, content_sha256, target, created_at,
          decided_by, revision, mandate_id, definition_version, expires_at)
        select ${u.approval_id}, ${u.deliverable_id}, m.customer_id, 'approved', null, ${u.content_sha256}, ${
      sql.json(u.target)
    }::jsonb, date_trunc('milliseconds', now()), m.signed_by, ${u.revision}::integer, m.mandate_id, ${u.definition_version},
          now() + make_interval(secs => ${u.valid_for_seconds}::double precision)
        from mandates m where m.mandate_id = ${u.mandate_id}`,
  mark: (u: Use) =>
    sql`update deliverables set review_status = 'approved', review_notes = null, approval_id = ${u.approval_id},
          updated_at = date_trunc('milliseconds', now())
        where deliverable_id = ${u.deliverable_id}`,
  count: (u: Use, period: string, nth: number) =>
    sql`insert into mandate_uses (mandate_id, period, nth, approval_id, deliverable_id, revision)
        values (${u.mandate_id}, ${period}::date, ${nth}::integer, ${u.approval_id}, ${u.deliverable_id}, ${u.revision}::integer)`,
  // committed with the use: whoever takes the row next executes it, or finds nothing to do
  await: (u: Use) =>
    sql`update mandate_queue set approval_id = ${u.approval_id}
        where deliverable_id = ${u.deliverable_id} and revision = ${u.revision}::integer`,
  end: (u: Use) =>
    sql`delete from mandate_queue where deliverable_id = ${u.deliverable_id} and revision = ${u.revision}::integer`,
})

/** The statements of uses. */
export const usesOf = (sql: PgClient.PgClient): UsesRepo => {
  const { last, lock, waiting } = readsOf(sql)
  const write = writesOf(sql)
  const covering = findReadable(sql, {
    what: "mandates",
    Request: DraftRow.mapFields(({ approval_rules: _, payload: __, ...rest }) => ({
      ...rest,
      queued_at: InstantColumn,
    })),
    Key: Id,
    Result: MandateRow,
    query: (d) =>
      sql`select *, now() from mandates
          where hired_instance_id = ${d.hired_instance_id} and customer_id = ${d.customer_id}
            and coalesce(goal_instance_id, ${d.goal_instance_id}) = ${d.goal_instance_id}
            and coalesce(goal_template_id, ${d.goal_template_id}) = ${d.goal_template_id}
            and revoked_at is null and valid_until > now() and created_at <= ${d.queued_at}::timestamptz
          order by created_at, mandate_id`,
  })
  const counts = SqlSchema.findAll({
    Request: Schema.fromJsonString(Schema.Array(Schema.Struct({ mandate_id: Schema.String, period: Schema.String }))),
    Result: Schema.Struct({ mandate_id: Schema.String, nth: Schema.Int }),
    execute: (periods) =>
      sql`select u.mandate_id, max(u.nth)::int as nth
          from json_to_recordset(${periods}::json) as p (mandate_id varchar, period date)
          join mandate_uses u on u.mandate_id = p.mandate_id and u.period = p.period
          group by u.mandate_id`,
  })

  const use = Effect.fnUntraced(function* (
    use: Use,
    { action, max_uses, per, timezone }: Terms,
  ): Effect.fn.Return<UseOutcome, unknown> {
    const { live, now } = yield* lock(use.mandate_id)
    if (!live) return "ended"
    const { first } = periodOf(per, timezone, DateTime.toEpochMillis(now))
    const { nth } = yield* last({ mandate_id: use.mandate_id, period: first })
    if (nth >= max_uses) return "full"
    if ((yield* waiting(use)).length === 0) return "changed"
    yield* write.approve(use)
    yield* write.mark(use)
    yield* write.count(use, first, nth + 1)
    yield* action === "execute" ? write.await(use) : write.end(use)
    return "used"
  }, sql.withTransaction)

  return {
    covering: (draft) => Effect.orDie(Effect.map(covering(draft), readable)),
    use: (one, mandate) => Effect.orDie(use(one, mandate)),
    counts: (periods) =>
      Effect.orDie(
        Effect.map(counts(periods), (rows) => new Map(rows.map(({ mandate_id, nth }) => [mandate_id, nth]))),
      ),
  }
}
