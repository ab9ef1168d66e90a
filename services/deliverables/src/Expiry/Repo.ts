/** The SQL that marks what expired. Lists and reads derive it from the clock (Deliverables/Repo/Rows.ts): the mark follows. */
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"

/** How many drafts are marked at once. */
const BATCH = 500

const statements = Effect.map(PgClient.PgClient, (sql) => {
  const isDue = sql`review_status = 'pending_review' and revising_since is null and deleted_at is null
      and expires_at is not null and expires_at <= now()`
  const mark = SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({ n: Schema.Int }),
    execute: () =>
      sql`with due as (
            select deliverable_id from deliverables where ${isDue} order by expires_at, deliverable_id limit ${BATCH}
            for update skip locked
          ), marked as (
            update deliverables d set review_status = 'rejected', expired_at = d.expires_at, updated_at = now() from due
            where d.deliverable_id = due.deliverable_id returning 1
          ) select count(*)::int as n from marked`,
  })
  const next = SqlSchema.findOne({
    Request: Schema.Void,
    Result: Schema.Struct({ ms: Schema.NullOr(Schema.Finite) }),
    execute: () =>
      sql`select (extract(epoch from expires_at - now()) * 1000)::float8 as ms from (
            select min(expires_at) as expires_at from deliverables
            where review_status = 'pending_review' and revising_since is null and deleted_at is null and expires_at is not null) d`,
  })
  return {
    /** Marks some of those whose time has passed; how many. Those that a decision holds are left to it. */
    mark: Effect.orDie(Effect.map(Effect.suspend(() => mark(undefined)), ({ n }) => n)),
    /** Milliseconds until the next one expires; null for none. */
    next: Effect.orDie(Effect.map(Effect.suspend(() => next(undefined)), ({ ms }) => ms)),
  }
})

/** Drafts whose time has passed. */
export class ExpiryRepo extends Context.Service<ExpiryRepo, Effect.Success<typeof statements>>()(
  "deliverables/ExpiryRepo",
) {
  static readonly layer = Layer.effect(ExpiryRepo, statements)
}
