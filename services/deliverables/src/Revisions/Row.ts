/** A row of `deliverable_revisions`, and the revision that a deliverable's own row is. */
import { MAKER, type Revision } from "@stint/domain/deliverables/Revisions"
import { InstantColumn } from "@stint/domain/Instants"
import { DraftPayload } from "@stint/domain/Payload"
import { Schema } from "effect"
import type { DeliverableRow } from "../Deliverables/Row.ts"
import type { HashedRow } from "../Deliverables/Wire.ts"

const isDraft = Schema.is(DraftPayload)
const decodePayload = Schema.decodeUnknownSync(DraftPayload)

/** The row. One whose payload is no draft is set aside in a list. */
export const RevisionRow = Schema.Struct({
  revision: Schema.Int,
  author: Schema.String,
  by_maker: Schema.Boolean,
  notes: Schema.NullOr(Schema.String),
  title: Schema.String,
  payload: Schema.Json,
  content_sha256: Schema.String,
  created_at: InstantColumn,
}).check(
  Schema.makeFilter(({ payload }: { readonly payload: unknown }) => isDraft(payload) || "its payload is no draft"),
)
export type RevisionRow = typeof RevisionRow.Type

/** A row on the wire. */
export const toRevision = (row: RevisionRow): Revision => ({ ...row, payload: decodePayload(row.payload) })

/** The only revision of a deliverable. Of one that has more, each is a row. */
export const onlyRevision = (row: HashedRow): RevisionRow => ({
  revision: row.revision,
  author: row.edited_by ?? MAKER,
  by_maker: row.edited_by === null,
  notes: null,
  title: row.title,
  payload: row.payload,
  content_sha256: row.content_sha256,
  created_at: row.created_at,
})

/** Whether the deliverable's own row is all that there is of it. */
export const isOnly = ({ revision }: DeliverableRow): boolean => revision === 1
