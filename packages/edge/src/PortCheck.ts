/**
 * Whether something listens at a url: asked right before a call, so that "nothing was sent" is known and not guessed from
 * the message of a failed fetch. The runtime provides it.
 */
import { Context, type Effect, Schema } from "effect"

/** There is no connection, so nothing was sent. */
export class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", { message: Schema.String }) {}

/** Connects to the host and port of a url, and closes the connection. */
export class PortCheck extends Context.Service<PortCheck, {
  /** Fails when the connection is refused. Any other failure is left to the call itself. */
  check(url: string): Effect.Effect<void, Unreachable>
  /**
   * The address that a connection to it gets. Fails when there is none: its name does not resolve, it refuses, or it says nothing
   * within 10 seconds; so a call that was not sent is told from one whose end nobody knows.
   */
  reach(url: string): Effect.Effect<string, Unreachable>
}>()("stint/PortCheck") {}
