/** The draft of agent types that have no maker of their own. */
import { Schema } from "effect"
import { actingDraftFields } from "../../Draft.ts"

/** A document for a person to read, in markdown. */
export const GenericDeliverable = Schema.Struct({
  ...actingDraftFields("generic_deliverable_v1", "publish"),
  body: Schema.String,
}).annotate({ identifier: "GenericDeliverable" })
export type GenericDeliverable = typeof GenericDeliverable.Type
