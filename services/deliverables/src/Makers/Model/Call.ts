/** One call of a model over HTTP: its answer, or how it failed. Nothing that the provider wrote goes into an error, since it may hold the key. */
import type { Model } from "@stint/domain/Models"
import { reasonOf, retryAfterOf } from "@stint/edge/Webhooks"
import { DateTime, Effect, Option, Redacted, Result, Schema, Stream } from "effect"
import { Sse } from "effect/encoding"
import {
  FetchHttpClient,
  HttpClient,
  type HttpClientError,
  HttpClientRequest,
  type HttpClientResponse,
} from "effect/http"
import { anthropic } from "./Anthropic.ts"
import {
  ModelAway,
  ModelCut,
  ModelDenied,
  ModelEmpty,
  type ModelError,
  ModelFault,
  ModelGarbled,
  ModelLost,
  ModelRefused,
} from "./Errors.ts"
import { openAi } from "./OpenAi.ts"
import type { Ask, Garbled, Said, Wire } from "./Wire.ts"

/** The wire formats by the names of their providers. */
export const wires: Readonly<Record<Model["provider"], Wire>> = { "openai-compatible": openAi, anthropic }

/** The most bytes of an answer that are read, and of one event of it, in code units. */
const MOST_BYTES = 8 * 1024 * 1024
const MOST_EVENT = 1024 * 1024

/** How many bytes of an error's body are read. */
const MOST_ERROR = 16 * 1024

/** Its words are the runtime's own: neither headers nor a body are in them. */
const lost = (error: HttpClientError.HttpClientError) =>
  new ModelLost({ why: `The connection to the model broke: ${reasonOf(error)}` })
const garbled = (why: Garbled) => new ModelGarbled({ why: `The model sent ${why}` })

/** Gives each piece of a body to `take`; fails with ModelLost when the connection breaks, and when there is more than `most`. */
const readBody = <E>(
  response: HttpClientResponse.HttpClientResponse,
  most: number,
  take: (bytes: Uint8Array) => Effect.Effect<void, E>,
): Effect.Effect<void, E | ModelLost | ModelGarbled> => {
  let size = 0
  return Stream.runForEach(
    Stream.mapError(response.stream, lost),
    (bytes): Effect.Effect<void, E | ModelGarbled> => {
      size += bytes.length
      return size > most ? Effect.fail(garbled(`more than ${most} bytes`)) : take(bytes)
    },
  )
}

const textOf = Effect.fnUntraced(function* (response: HttpClientResponse.HttpClientResponse, most: number) {
  const decoder = new TextDecoder()
  let text = ""
  yield* readBody(response, most, (bytes) => Effect.sync(() => void (text += decoder.decode(bytes, { stream: true }))))
  return text + decoder.decode()
})

/** Reads a stream of events; says how long the text is after each piece. */
const streamed = Effect.fnUntraced(function* (
  wire: Wire,
  response: HttpClientResponse.HttpClientResponse,
  written: (length: number) => Effect.Effect<void>,
) {
  const decoder = new TextDecoder()
  const reader = wire.reader()
  let fault: Garbled | undefined
  const parser = Sse.makeParser((event) => {
    // a request to connect again after a while (`retry:`) means nothing here
    if (event._tag !== "Event" || fault !== undefined) return
    const taken = reader.take(event.data)
    if (Result.isFailure(taken)) fault = taken.failure
  }, { maxEventSize: MOST_EVENT })
  yield* readBody(response, MOST_BYTES, (bytes) =>
    Effect.suspend(() => {
      if (parser.feed(decoder.decode(bytes, { stream: true })) !== undefined) fault ??= "an event that is too large"
      return fault === undefined ? written(reader.length()) : Effect.fail(garbled(fault))
    }))
  return yield* Effect.mapError(Effect.fromResult(reader.said()), garbled)
})

const ErrorBody = Schema.fromJsonString(Schema.Struct({
  error: Schema.Struct({
    type: Schema.optional(Schema.Unknown),
    code: Schema.optional(Schema.Unknown),
  }),
}))
const decodeError = Schema.decodeUnknownOption(ErrorBody)

/** The kinds of errors that people are told. No other word of a provider is repeated: it might be the key. */
const kinds = new Set<unknown>([
  "api_error",
  "authentication_error",
  "billing_error",
  "context_length_exceeded",
  "insufficient_quota",
  "invalid_api_key",
  "invalid_request_error",
  "model_not_found",
  "not_found_error",
  "overloaded_error",
  "permission_error",
  "rate_limit_error",
  "rate_limit_exceeded",
  "request_too_large",
  "server_error",
  "unsupported_parameter",
])

/** The kind of error that a body names, in brackets. */
const kindOf = (body: string): string => {
  const found = decodeError(body)
  const kind = Option.isSome(found)
    ? [found.value.error.code, found.value.error.type].find((word) => kinds.has(word))
    : undefined
  return kind === undefined ? "" : ` (${kind})`
}

/** Whether a status says that the model takes no calls for now. */
const isAway = (status: number) => status === 408 || status === 429 || status === 503 || status === 529

const failureOf = Effect.fnUntraced(function* (response: HttpClientResponse.HttpClientResponse) {
  const { headers, status } = response
  const body = yield* Effect.orElseSucceed(textOf(response, MOST_ERROR), () => "")
  const why = `The model answered ${status}${kindOf(body)}`
  if (isAway(status)) {
    const now = DateTime.toEpochMillis(yield* DateTime.now)
    const retryAfter = retryAfterOf(headers["retry-after"], now)
    return new ModelAway({ why, ...(retryAfter === undefined ? {} : { retryAfter }) })
  }
  if (status >= 500) return new ModelFault({ why })
  return new ModelDenied({ why: status < 400 ? `${why}, a redirect, which is not followed` : why })
})

/** An answer of which something can be made; else why not. */
const judge = ({ end, text, usage }: Said, max_tokens: number): Result.Result<Said, ModelError> => {
  const used = usage === undefined ? {} : { used: usage }
  switch (end) {
    case "away":
      return Result.fail(new ModelAway({ why: "The model broke off its answer: it is overloaded" }))
    case "fault":
      return Result.fail(new ModelGarbled({ why: "The model broke off its answer with an error", ...used }))
    case "refused":
      return Result.fail(new ModelRefused({ why: "The model refuses to answer", ...used }))
    case "cut":
      return Result.fail(new ModelCut({ why: `The model's answer was cut at ${max_tokens} tokens`, ...used }))
    case "stop":
      return text.trim() === ""
        ? Result.fail(new ModelEmpty({ why: "The model's answer is empty", ...used }))
        : Result.succeed({ end, text, ...(usage && { usage }) })
  }
}

/** A call that can be sent: its bytes, and what sends them. */
export interface Prepared {
  /** The request as it is sent. */
  readonly body: string
  /** Sends it; `written` hears how many characters of the answer are there. */
  send(written: (length: number) => Effect.Effect<void>): Effect.Effect<Said, ModelError>
}

/** Makes `prepare`, which writes the request of a call. A call follows no redirect, and is traced without headers. */
export const makeCalls = Effect.gen(function* () {
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)

  return (model: Model, key: Redacted.Redacted | undefined, ask: Ask): Prepared => {
    const wire = wires[model.provider]
    const { body, headers, path } = wire.request(model, ask)
    const text = JSON.stringify(body)
    const request = HttpClientRequest.post(`${model.base_url.replace(/\/+$/, "")}${path}`).pipe(
      HttpClientRequest.setHeaders({ ...headers, ...(key && wire.key(Redacted.value(key))) }),
      HttpClientRequest.bodyText(text, "application/json"),
    )
    const send = Effect.fnUntraced(
      function* (written: (length: number) => Effect.Effect<void>) {
        const response = yield* Effect.mapError(client.execute(request), lost)
        if (response.status < 200 || response.status >= 300) return yield* yield* failureOf(response)
        const isStream = (response.headers["content-type"] ?? "").startsWith("text/event-stream")
        const said = isStream
          ? yield* streamed(wire, response, written)
          : yield* Effect.flatMap(textOf(response, MOST_BYTES), (text) =>
            Effect.mapError(Effect.fromResult(wire.whole(text)), garbled))
        return yield* Effect.fromResult(judge(said, ask.max_tokens))
      },
      Effect.scoped,
      Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
      // its headers hold the key, and what it answers may repeat it
      Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
      Effect.provideService(HttpClient.TracerPropagationEnabled, false),
    )
    return { body: text, send }
  }
})
