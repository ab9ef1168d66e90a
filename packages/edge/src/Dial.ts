/**
 * One request over one connection, whose address is judged before anything is sent. A client that looks the name up by itself may get
 * another address than the one that was judged: who owns a name can change its answer in between.
 */
import { Context, Effect, Schema, type Scope } from "effect"
import { Unreachable } from "./PortCheck.ts"

/** A request. It has neither a `host` nor a length: they follow from the url and the body. */
export interface LineRequest {
  readonly method: "GET" | "POST"
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** An answer, whatever its status. */
export interface LineAnswer {
  readonly status: number
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Undefined: it is longer than what was to be read. */
  readonly body: Uint8Array | undefined
}

/** The address may not be called; nothing was sent. */
export class AddressRefused extends Schema.TaggedError<AddressRefused>()("AddressRefused", {
  address: Schema.String,
}) {}

/** The connection broke, or what came is no HTTP. Nobody knows whether the request was taken. `why` is one line. */
export class LineBroke extends Schema.TaggedError<LineBroke>()("LineBroke", { why: Schema.String }) {}

/** A connection that may be used: for one request, which follows no redirect. */
export interface Line {
  /** Sends the request and reads its answer, of a body at most so many bytes. */
  send(request: LineRequest, most: number): Effect.Effect<LineAnswer, LineBroke>
}

/** Connects to the host and port of a url, in TLS where it is https; closed with its scope. */
export type Connect = (
  url: string,
  /** Judges the address that the connection got, before a byte is sent over it. */
  mayUse: (address: string) => boolean,
) => Effect.Effect<Line, Unreachable | AddressRefused, Scope.Scope>

/** What connects: the runtime provides it. */
export const Dial = Context.Reference<Connect>("stint/Dial", {
  defaultValue: () => (url) => Effect.fail(new Unreachable({ message: `this runtime can't connect to ${url}` })),
})
