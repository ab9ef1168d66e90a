/** How a making of changes ends: its next revision is stored, or the deliverable waits for a decision again. */
import type { PgClient } from "@effect/sql-pg"
import type { DeliverableId } from "@stint/domain/Ids"
import type { DraftPayload } from "@stint/domain/Payload"
import { Effect, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { nextRevision, type Written } from "../../Revisions/Repo/Next.ts"

/** What a maker changed, and the content that it changed. */
export interface NextRevision {
  readonly deliverable_id: DeliverableId
  readonly next: Written
}

/**
 * The content of a deliverable's revisions that a maker is told of, the latest first; none when nothing of it is revised any more: it
 * was deleted.
 */
const Content = Schema.Struct({ revision: Schema.Int, title: Schema.String, payload: Schema.Json })
export type Content = typeof Content.Type

/** Stores the next revision, unless the deliverable is not revised any more: then what was made is of no use. */
export const storeChanges = (sql: PgClient.PgClient, { deliverable_id, next }: NextRevision) =>
  Effect.gen(function* () {
    const revising = yield* sql`
      select 1 from deliverables where deliverable_id = ${deliverable_id} and revision = ${next.revision - 1}
        and revising_since is not null and deleted_at is null for update`
    if (revising.length > 0) yield* nextRevision(sql, deliverable_id, next)
  })

/**
 * Of the makings `failed`: their deliverables wait for a decision again, as long as new ones, and say why. A statement without an
 * answer, for the end of another.
 */
export const endRevising = (sql: PgClient.PgClient) =>
  sql`update deliverables d set revising_since = null, updated_at = now(),
        review_notes = 'Its maker could not make the changes: ' || (failed.problem ->> 'detail'),
        expires_at = ${expiresAnew(sql)}
      from failed
      where d.deliverable_id = failed.deliverable_id and d.revision = failed.base_revision and d.revising_since is not null
      returning d.deliverable_id`

/** Of `deliverables d`: until when it can be decided on, from now. */
export const expiresAnew = (sql: PgClient.PgClient) =>
  sql`date_trunc('milliseconds', now()) + make_interval(secs => (d.approval_rules ->> 'expires_after_seconds')::double precision)`

/** The statements of changes. */
export const changes = (sql: PgClient.PgClient) => {
  const contents = SqlSchema.findAll({
    Request: Schema.String,
    Result: Content,
    execute: (id) =>
      sql`select d.revision, d.title, d.payload from deliverables d
            where d.deliverable_id = ${id} and d.revising_since is not null and d.deleted_at is null
          union all
          select r.revision, r.title, r.payload from deliverable_revisions r
            join deliverables d on d.deliverable_id = r.deliverable_id and r.revision < d.revision
            where d.deliverable_id = ${id} and d.revising_since is not null and d.deleted_at is null
          order by revision desc`,
  })
  return { contents: (id: DeliverableId) => Effect.orDie(contents(id)) }
}

/** The payloads, as makers that are told of them read them. */
export const payloadsOf = (contents: ReadonlyArray<Content>): ReadonlyArray<DraftPayload> =>
  // only drafts are stored
  contents.map(({ payload }) => payload as unknown as DraftPayload)
