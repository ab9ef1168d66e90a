/**
 * The key of a request whose reply is kept by the transaction of its work: nothing is reserved before, and a crash leaves
 * both or neither. Of two requests with one key the unique row of the keys lets one through; the other one's transaction
 * stores nothing and dies of KeyTaken, after which the middleware decides by the row.
 */
import { isoOf } from "@stint/domain/Instants"
import { Context, Data, Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import type { Held, Prints, Reply } from "./Repo.ts"
import { KEEP_HOURS } from "./Row.ts"

/** A request that holds its key once its work has committed. */
export interface Pending extends Held, Prints {
  /** When it came, in epoch milliseconds: its ids are made from it. */
  readonly firstSeen: number
}

/** The key of the request that is being handled, at an endpoint that is `KeptWithWork`; undefined without one. */
export const PendingKey = Context.Reference<Pending | undefined>("stint/PendingKey", { defaultValue: () => undefined })

/** The key is there already: the transaction must store nothing. A defect, since only the middleware knows what follows. */
export class KeyTaken extends Data.TaggedError("KeyTaken") {}

/** What a statement stores of a key and its reply, as a record of JSON. */
export interface KeptReply {
  readonly caller: string
  readonly route: string
  readonly key: string
  readonly sent: string
  readonly canonical: string
  readonly holder: string
  readonly first_seen: string
  readonly hours: number
  readonly status: number
  readonly location: string | null
  readonly body: string
}

/** What the work has to store with its rows so that the reply is kept; undefined for a request without a key. */
export const keptReply = (reply: () => Reply): Effect.Effect<KeptReply | undefined> =>
  Effect.map(PendingKey, (pending) => {
    if (pending === undefined) return undefined
    const { firstSeen, ...key } = pending
    return { ...key, first_seen: isoOf(firstSeen), hours: KEEP_HOURS, ...reply() }
  })

/** A reply as the answer that it is. */
export const answerOf = ({ body, location, status }: Reply): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(body, {
    status,
    contentType: "application/json",
    ...(location === null ? {} : { headers: { location } }),
  })
