/** What a provider's wire format is: how a request is written in it, and how an answer is read, whole or as it is written. */
import type { Model } from "@stint/domain/Models"
import type { JsonObject } from "@stint/domain/Protocol"
import { Result, Schema } from "effect"
import type { Usage } from "./Errors.ts"

/** A turn of a conversation. */
export interface Turn {
  readonly role: "user" | "assistant"
  readonly content: string
}

/** What a model is asked. */
export interface Ask {
  readonly system: string
  readonly turns: ReadonlyArray<Turn>
  /** The most tokens of its answer. */
  readonly max_tokens: number
  /** The JSON schema of its answer. */
  readonly schema: JsonObject
}

/** A request, without its key. `path` follows the model's `base_url`. */
export interface WireRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonObject
}

/** How an answer ended: by itself, cut at its most tokens, refused, or broken off by an error of the provider's. */
export type End = "stop" | "cut" | "refused" | "away" | "fault"

/** An answer, read. */
export interface Said {
  readonly text: string
  readonly end: End
  readonly usage?: Usage
}

/** Why something is not of the wire format, as words that follow "The model sent". */
export type Garbled = string

/** Reads an answer that is streamed: each event's data, then what it came to. */
export interface Reader {
  take(data: string): Result.Result<void, Garbled>
  /** How much text it has, in characters. */
  readonly length: () => number
  said(): Result.Result<Said, Garbled>
}

/** A wire format. */
export interface Wire {
  request(model: Model, ask: Ask): WireRequest
  /** The header that carries the key. */
  key(key: string): Readonly<Record<string, string>>
  /** Reads the whole body of an answer. */
  whole(text: string): Result.Result<Said, Garbled>
  reader(): Reader
}

/** A count of tokens, as providers send it. */
export const Tokens = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000_000 }))

/** Decodes JSON text by a schema; a fault says no more than that it is one, since the text is the provider's. */
export const decoder = <A>(what: string, schema: Schema.Codec<A, unknown>) => {
  const decode = Schema.decodeUnknownResult(Schema.fromJsonString(schema))
  return (text: string): Result.Result<A, Garbled> => Result.mapError(decode(text), () => what)
}
