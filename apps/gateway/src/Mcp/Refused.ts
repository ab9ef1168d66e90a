/** What a client of MCP is told when a tool does not do what it was called for. */
import { Schema } from "effect"

/** A sentence that a model can act on. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", { message: Schema.String }) {}
