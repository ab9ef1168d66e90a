/** Whether something listens at a url: a capability of the runtime, since its answer is typed and that of fetch is not. */
import { Context, type Effect, Schema } from "effect"

/** Nothing listens there: whatever would have been sent was not. */
export class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", { message: Schema.String }) {}

/** Asked right before a call, so that "nothing was sent" is known and not guessed from a message. */
export class Reach extends Context.Service<Reach, {
  check(url: string): Effect.Effect<void, Unreachable>
}>()("stint/Reach") {}
