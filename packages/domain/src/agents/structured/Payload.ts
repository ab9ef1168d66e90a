/** The draft of a template whose maker is a model or a program of the provider's own, and which says what it must return. */
import { Schema } from "effect"
import { actingDraftFields } from "../../Draft.ts"
import { JsonObject } from "../../Protocol.ts"

/** What a maker returned for the template's `output` fields; `body` is markdown. */
export const StructuredDeliverable = Schema.Struct({
  ...actingDraftFields("structured_deliverable_v1", "publish"),
  title: Schema.String,
  fields: JsonObject,
  body: Schema.optionalKey(Schema.String),
}).annotate({ identifier: "StructuredDeliverable" })
export type StructuredDeliverable = typeof StructuredDeliverable.Type
