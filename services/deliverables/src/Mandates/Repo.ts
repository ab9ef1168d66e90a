/** The SQL of mandates: signing, reading and revoking; their uses (Repo/Uses.ts) and the queue of drafts (Repo/Queue.ts). */
import { PgClient } from "@effect/sql-pg"
import { PREVIEW_DRAFTS } from "@stint/domain/deliverables/Mandates"
import { CustomerId, GoalInstanceId, HiredInstanceId, MandateId } from "@stint/domain/Ids"
import { Instant } from "@stint/domain/Protocol"
import { InstantColumn } from "@stint/domain/Instants"
import type { NewActionLine } from "@stint/domain/ActionLine"
import { ActionLogRepo } from "@stint/edge/ActionLog/Repo"
import type { Taken } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import { Context, type DateTime, Effect, Layer, type Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { MANDATES_LOCK } from "../Locks.ts"
import { queueOf, type QueueRepo } from "./Repo/Queue.ts"
import { usesOf, type UsesRepo } from "./Repo/Uses.ts"
import { DraftRow, MandateRow } from "./Row.ts"

/** The key of a page of mandates, newest first. */
export const After = Schema.Struct({ created_at: Instant, mandate_id: MandateId })

/** The same key as it is in a row. */
const Place = Schema.Struct({ created_at: InstantColumn, mandate_id: MandateId })

/** Which mandates to list; null: any. */
const Listing = Schema.Struct({
  customer_id: Schema.NullOr(CustomerId),
  hired_instance_id: Schema.NullOr(HiredInstanceId),
  after: Schema.NullOr(After),
  limit: Schema.Int,
})

/** Whose drafts a mandate covers; null: of every goal, of every template. */
const Scope = Schema.Struct({
  customer_id: CustomerId,
  hired_instance_id: HiredInstanceId,
  goal_instance_id: Schema.NullOr(GoalInstanceId),
  goal_template_id: Schema.NullOr(Schema.String),
})
export type Scope = typeof Scope.Type

/** A mandate to store. The database says when. */
export type NewRow = Omit<MandateRow, "created_at" | "revoked_at" | "revoked_by" | "revoke_reason" | "now">

/** A revocation. */
const Revocation = Schema.Struct({
  mandate_id: MandateId,
  revoked_by: Schema.String,
  revoke_reason: Schema.NullOr(Schema.String),
})

/** Mandates. The database's clock says which are valid. */
export class MandatesRepo extends Context.Service<
  MandatesRepo,
  & {
    /**
     * Stores a mandate with its line of the action log. full: its customer has `most` live ones; ended: it is valid no more. One that is
     * stored already counts as stored.
     */
    sign(mandate: NewRow, most: number, line: NewActionLine): Effect.Effect<"stored" | "full" | "ended">
    /** What time it is, by the clock that says which are valid. */
    readonly now: Effect.Effect<DateTime.Utc>
    find(id: MandateId): Effect.Effect<Option.Option<MandateRow>>
    /** Newest first. */
    list(listing: typeof Listing.Type): Effect.Effect<Taken<MandateRow, typeof Place.Type>>
    /** Revokes a live one, with its line; one that is revoked stays as it is. It waits for a use that is being committed. */
    revoke(revocation: typeof Revocation.Type, line: NewActionLine): Effect.Effect<void>
    /** The last drafts of a scope, as their makers wrote them last. One that can't be read is left out. */
    lastDrafts(scope: Scope): Effect.Effect<Taken<DraftRow, typeof DraftPlace.Type>>
  }
  & UsesRepo
  & QueueRepo
>()("deliverables/MandatesRepo") {
  static readonly layer = Layer.effect(
    MandatesRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const log = yield* ActionLogRepo
      return MandatesRepo.of({ ...reads(sql), ...writes(sql, log), ...usesOf(sql), ...queueOf(sql) })
    }),
  )
}

const DraftPlace = Schema.Struct({ deliverable_id: Schema.String })

const reads = (sql: PgClient.PgClient) => {
  const find = SqlSchema.findOneOption({
    Request: MandateId,
    Result: MandateRow,
    execute: (id) => sql`select *, now() from mandates where mandate_id = ${id}`,
  })
  const list = findReadable(sql, {
    what: "mandates",
    Request: Listing,
    Key: Place,
    Result: MandateRow,
    query: ({ after, customer_id, hired_instance_id, limit }) =>
      sql`select *, now() from mandates where ${
        sql.and([
          sql`true`,
          ...(customer_id === null ? [] : [sql`customer_id = ${customer_id}`]),
          ...(hired_instance_id === null ? [] : [sql`hired_instance_id = ${hired_instance_id}`]),
          ...(after === null
            ? []
            : [sql`(created_at, mandate_id) < (${after.created_at}::timestamptz, ${after.mandate_id})`]),
        ])
      } order by created_at desc, mandate_id desc limit ${limit}`,
  })
  const lastDrafts = findReadable(sql, {
    what: "deliverables",
    Request: Scope,
    Key: DraftPlace,
    Result: DraftRow,
    query: ({ customer_id, goal_instance_id, goal_template_id, hired_instance_id }) =>
      sql`select d.deliverable_id, d.customer_id, d.hired_instance_id, d.goal_instance_id, d.goal_template_id, d.approval_rules,
            case when d.edited_by is null then d.payload else (
              select r.payload from deliverable_revisions r where r.deliverable_id = d.deliverable_id and r.by_maker
              order by r.revision desc limit 1) end as payload
          from deliverables d where ${
        sql.and([
          sql`d.hired_instance_id = ${hired_instance_id}`,
          sql`d.customer_id = ${customer_id}`,
          sql`d.deleted_at is null`,
          ...(goal_instance_id === null ? [] : [sql`d.goal_instance_id = ${goal_instance_id}`]),
          ...(goal_template_id === null ? [] : [sql`d.goal_template_id = ${goal_template_id}`]),
        ])
      } order by d.created_at desc, d.deliverable_id desc limit ${PREVIEW_DRAFTS}`,
  })
  const now = SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({ now: InstantColumn }),
    execute: () => sql`select now()`,
  })
  return {
    now: Effect.orDie(Effect.map(Effect.suspend(() => now(undefined)), (row) => row.now)),
    find: (id: MandateId) => Effect.orDie(find(id)),
    list: (listing: typeof Listing.Type) => Effect.orDie(list(listing)),
    lastDrafts: (scope: Scope) => Effect.orDie(lastDrafts(scope)),
  }
}

const writes = (sql: PgClient.PgClient, log: ActionLogRepo["Service"]) => {
  const Stored = Schema.Struct({ mandate_id: MandateId })
  const insert = SqlSchema.findAll({
    Request: Schema.Struct({
      ...MandateRow.mapFields((
        { created_at: _, now: __, revoke_reason: ___, revoked_at: ____, revoked_by: _____, ...rest },
      ) => rest).fields,
      most: Schema.Int,
    }),
    Result: Stored,
    execute: (m) =>
      sql`insert into mandates (mandate_id, customer_id, hired_instance_id, goal_instance_id, goal_template_id, rules, max_uses, per,
            timezone, valid_until, action, signed_by, created_at)
          select ${m.mandate_id}, ${m.customer_id}, ${m.hired_instance_id}, ${m.goal_instance_id}::varchar,
            ${m.goal_template_id}::varchar, ${
        sql.json(m.rules)
      }::jsonb, ${m.max_uses}::integer, ${m.per}, ${m.timezone},
            ${m.valid_until}::timestamptz, ${m.action}, ${m.signed_by}, date_trunc('milliseconds', now())
          where (select count(*) from mandates
            where customer_id = ${m.customer_id} and revoked_at is null and valid_until > now()) < ${m.most}::integer
            and ${m.valid_until}::timestamptz > now()
          on conflict (mandate_id) do nothing returning mandate_id`,
  })
  const isStored = SqlSchema.findAll({
    Request: MandateId,
    Result: Stored,
    execute: (id) => sql`select mandate_id from mandates where mandate_id = ${id}`,
  })
  const hasEnded = SqlSchema.findOne({
    Request: Instant,
    Result: Schema.Struct({ ended: Schema.Boolean }),
    execute: (valid_until) => sql`select ${valid_until}::timestamptz <= now() as ended`,
  })
  const revoke = SqlSchema.findAll({
    Request: Revocation,
    Result: Stored,
    // the lock first, then the instant: what an UPDATE sets is computed before it waits for a use that holds the row
    execute: (r) =>
      sql`with held as (
            select mandate_id from mandates where mandate_id = ${r.mandate_id} and revoked_at is null for update
          )
          update mandates m set revoked_at = clock_timestamp(), revoked_by = ${r.revoked_by}, revoke_reason = ${r.revoke_reason}
          from held where m.mandate_id = held.mandate_id returning m.mandate_id`,
  })
  return {
    sign: Effect.fnUntraced(
      function* (mandate: NewRow, most: number, line: NewActionLine) {
        // in a statement of its own, so that the count has what the lock waited for
        yield* sql`select pg_advisory_xact_lock(${MANDATES_LOCK}, hashtext(${mandate.customer_id}))`
        const stored = yield* insert({ ...mandate, most })
        if (stored.length > 0) yield* log.write(line)
        if (stored.length > 0 || (yield* isStored(mandate.mandate_id)).length > 0) return "stored" as const
        return (yield* hasEnded(mandate.valid_until)).ended ? "ended" as const : "full" as const
      },
      sql.withTransaction,
      Effect.orDie,
    ),
    revoke: Effect.fnUntraced(
      function* (revocation: typeof Revocation.Type, line: NewActionLine) {
        const revoked = yield* revoke(revocation)
        if (revoked.length > 0) yield* log.write(line)
      },
      sql.withTransaction,
      Effect.orDie,
    ),
  }
}
