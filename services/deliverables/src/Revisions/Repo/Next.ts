/** The SQL that stores the next revision of a deliverable: within a transaction that has locked the deliverable's row. */
import type { PgClient } from "@effect/sql-pg"
import { MAKER } from "@stint/domain/deliverables/Revisions"
import type { DeliverableId } from "@stint/domain/Ids"
import type { DraftPayload } from "@stint/domain/Payload"
import { Effect, type Schema } from "effect"

/** A revision to store. */
export interface Written {
  /** Its number: one more than the current one's. */
  readonly revision: number
  /** The person; null: its maker. */
  readonly author: string | null
  readonly notes: string | null
  readonly title: string
  readonly payload: DraftPayload
  /** Of its payload. */
  readonly content_sha256: string
  /** Of the edit, by which a repeat finds it; null of a maker's. */
  readonly edit_id: string | null
  /** What is said of it to who decides; null: nothing. */
  readonly remark: string | null
  /** The SHA-256 of the content before it, which becomes a row of its own when it was the first. */
  readonly base_sha256: string
}

/**
 * Stores it as the current content: any approval is taken along, and it can be decided on for as long as a new draft. Triggers refuse
 * what does not follow the revision before.
 */
export const nextRevision = (sql: PgClient.PgClient, deliverable_id: DeliverableId, next: Written) =>
  Effect.gen(function* () {
    yield* sql`
      insert into deliverable_revisions (deliverable_id, revision, author, by_maker, title, payload, content_sha256, created_at)
      select deliverable_id, revision, ${MAKER}, true, title, payload, ${next.base_sha256}, created_at
      from deliverables where deliverable_id = ${deliverable_id} and revision = 1
      on conflict do nothing`
    yield* sql`
      insert into deliverable_revisions (deliverable_id, revision, author, by_maker, notes, title, payload, content_sha256,
        created_at, edit_id)
      values (${deliverable_id}, ${next.revision}, ${next.author ?? MAKER}, ${
      next.author === null
    }, ${next.notes}, ${next.title},
        ${
      sql.json(next.payload as unknown as Schema.Json)
    }, ${next.content_sha256}, date_trunc('milliseconds', now()), ${next.edit_id})`
    // the payload is taken from the row: both are the same value then
    yield* sql`
      update deliverables d set revision = r.revision, title = r.title, payload = r.payload,
        edited_by = case when r.by_maker then null else r.author end, review_status = 'pending_review', review_notes = ${next.remark},
        approval_id = null, revising_since = null, updated_at = r.created_at,
        expires_at = r.created_at + make_interval(secs => (d.approval_rules ->> 'expires_after_seconds')::double precision)
      from deliverable_revisions r
      where d.deliverable_id = ${deliverable_id} and r.deliverable_id = d.deliverable_id and r.revision = ${next.revision}`
  })
