/** How a draft stands that a slow maker makes: what deliverables answers, and the scheduler shows (domain.md, "Makers"). */
import { Schema } from "effect"
import { Instant } from "./Protocol.ts"

/** A draft that is being made, or waits for its maker. `calls`: how often the maker was called for it. */
export const Making = Schema.Struct({
  state: Schema.Literal("making"),
  /** When its attempt began. */
  since: Instant,
  /** When it is late, if its maker has not answered. While the maker is away it moves on with the waiting. */
  deadline: Instant,
  calls: Schema.Int,
  /** What the maker says of its progress, or why it waits. */
  note: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(300))),
}).annotate({ identifier: "Making" })
export type Making = typeof Making.Type
