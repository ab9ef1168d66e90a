/** The SQL of revisions. The first is the deliverable's own row until there is a second. */
import { PgClient } from "@effect/sql-pg"
import { DeliverableId } from "@stint/domain/Ids"
import { findReadable } from "@stint/edge/Pg/Rows"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { nextRevision, type Written } from "./Repo/Next.ts"
import { RevisionRow } from "./Row.ts"

/** The key of a page of revisions. */
export const After = Schema.Struct({ revision: Schema.Int })

const columns = (sql: PgClient.PgClient) =>
  sql`revision, author, by_maker, notes, title, payload, content_sha256, created_at`

const statements = Effect.map(PgClient.PgClient, (sql) => {
  const list = findReadable(sql, {
    what: "revisions",
    Request: Schema.Struct({ id: DeliverableId, before: Schema.Int, limit: Schema.Int }),
    Key: After,
    Result: RevisionRow,
    query: ({ before, id, limit }) =>
      sql`select ${columns(sql)} from deliverable_revisions where deliverable_id = ${id} and revision < ${before}
          order by revision desc limit ${limit}`,
  })
  const get = SqlSchema.findOneOption({
    Request: Schema.Struct({ id: DeliverableId, revision: Schema.Int }),
    Result: RevisionRow,
    execute: ({ id, revision }) =>
      sql`select ${columns(sql)} from deliverable_revisions where deliverable_id = ${id} and revision = ${revision}`,
  })
  const byEdit = SqlSchema.findOneOption({
    Request: Schema.String,
    Result: Schema.Struct({ deliverable_id: DeliverableId }),
    execute: (edit_id) => sql`select deliverable_id from deliverable_revisions where edit_id = ${edit_id}`,
  })
  const byMaker = SqlSchema.findOne({
    Request: DeliverableId,
    Result: Schema.Struct({ n: Schema.Int }),
    // the first revision is the deliverable's own row until there is a second
    execute: (id) =>
      sql`select greatest(count(*), 1)::int as n from deliverable_revisions where deliverable_id = ${id} and by_maker`,
  })
  return {
    /** How many its maker wrote. */
    byMaker: (id: DeliverableId) => Effect.orDie(Effect.map(byMaker(id), ({ n }) => n)),
    /** Those before this number, the latest first; none of a deliverable that has but one. */
    list: (id: DeliverableId, before: number, limit: number) => Effect.orDie(list({ id, before, limit })),
    get: (id: DeliverableId, revision: number) => Effect.orDie(get({ id, revision })),
    /** The deliverable that this edit is of, where it was stored. */
    byEdit: (edit_id: string) => Effect.orDie(byEdit(edit_id)),
    /**
     * Stores an edit as the current content. False, and nothing is changed, when the deliverable was written since it had that version,
     * or may not be edited any more.
     */
    edit: (id: DeliverableId, version: number, next: Written) =>
      sql.withTransaction(Effect.gen(function* () {
        const held = yield* sql`
          select 1 from deliverables where deliverable_id = ${id} and version = ${version} and deleted_at is null
            and (review_status = 'approved'
              or review_status = 'pending_review' and revising_since is null and (expires_at is null or expires_at > now()))
            and execution_status = 'not_executed' and not executing for update`
        if (held.length === 0) return false
        yield* nextRevision(sql, id, next)
        return true
      })).pipe(Effect.orDie),
  }
})

/** Revisions. */
export class RevisionsRepo extends Context.Service<RevisionsRepo, Effect.Success<typeof statements>>()(
  "deliverables/RevisionsRepo",
) {
  static readonly layer = Layer.effect(RevisionsRepo, statements)
}
