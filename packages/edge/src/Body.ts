/**
 * Checks bodies before they are decoded: size, encoding, media type, what the text holds (JsonText), and text that Postgres
 * can't store (api.md). What takes long lets other requests go on in between.
 */
import { Bounds, type Values } from "@stint/domain/Bounds"
import { jsonPath } from "@stint/domain/JsonPath"
import { BodyTooLarge, type FieldIssue, InvalidRequest } from "@stint/domain/Problem"
import { BodyLimits, JudgedFirst } from "@stint/domain/Protocol"
import { Context, Effect, Layer, Option, type Schema, Stream } from "effect"
import { HttpServerRequest } from "effect/http"
import { JsonScan } from "./JsonText.ts"
import { mediaOf } from "./Media.ts"
import { Turn } from "./RateLimit/AtOnce.ts"
import { Facts } from "./RequestContext.ts"

/** The most bytes of a body; a batch of runs may be larger. By the endpoint's own path: an id may be `batch` too. */
const limitOf = ({ path }: { readonly path: string }, bounds: Values) =>
  path.endsWith("/batch") ? bounds.batch_body_bytes : bounds.body_bytes
/** How many bytes past the limit are read and dropped, so that the sender gets the answer and not a broken connection. */
const DRAIN = 32 * 1024 * 1024
/** How long a body may take to arrive. */
const ARRIVAL = "60 seconds"
const ARRIVAL_MS = 60_000
/** How many characters are scanned before other requests may go on: about a millisecond. */
const STEP = 64 * 1024
/** From how many keys and items on other requests may go on between parsing, judging and decoding. */
const MANY = 2_000

const refusal = (errors: ReadonlyArray<FieldIssue>) => new InvalidRequest({ detail: errors[0]!.message, errors })

const invalid = (path: string, message: string) => refusal([{ path, message }])

/** The first text with NUL or a lone surrogate. */
const textFault = (value: unknown, path: Array<string | number>): InvalidRequest | undefined => {
  if (typeof value === "string") {
    if (value.includes("\0")) return invalid(jsonPath(path), "must not contain U+0000")
    return value.isWellFormed() ? undefined : invalid(jsonPath(path), "must not contain a lone surrogate")
  }
  if (typeof value !== "object" || value === null) return undefined
  for (const [key, inner] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
    if (typeof key === "string" && (key.includes("\0") || !key.isWellFormed())) {
      return invalid(jsonPath(path), "must not have a key with U+0000 or a lone surrogate")
    }
    path.push(key)
    const fault = textFault(inner, path)
    path.pop()
    if (fault !== undefined) return fault
  }
  return undefined
}

const tooLarge = (limit: number) => new BodyTooLarge({ detail: `A body here may have ${limit} bytes at most` })
const broken = () => invalid("$", "ended before it was complete")
const late = () => invalid("$", `did not arrive within ${ARRIVAL}`)

/** A body that says how long it is, and is short enough, as a whole: a stream of one chunk costs more than all else of it. */
const whole = (source: Request) =>
  Effect.callback<Uint8Array, InvalidRequest>((resume) => {
    const timer = setTimeout(() => resume(Effect.fail(late())), ARRIVAL_MS)
    const settle = (read: Effect.Effect<Uint8Array, InvalidRequest>) => {
      clearTimeout(timer)
      resume(read)
    }
    source.bytes().then((bytes) => settle(Effect.succeed(bytes)), () => settle(Effect.fail(broken())))
    return Effect.sync(() => clearTimeout(timer))
  })

const read = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, limit: number) {
  const { source } = request
  const facts = yield* Facts
  // first of all: whoever asks for its `body` makes a stream of it
  if (source instanceof Request && Number(request.headers["content-length"] ?? Infinity) <= limit) {
    const bytes = yield* whole(source)
    if (facts !== undefined) facts.received = bytes.length
    return bytes.length <= limit ? bytes : yield* tooLarge(limit)
  }
  // a request without a body has no stream to read
  if (source instanceof Request && source.body === null) return new Uint8Array()
  const chunks: Array<Uint8Array> = []
  let size = 0
  yield* request.stream.pipe(
    Stream.takeUntil((chunk) => {
      size += chunk.length
      if (facts !== undefined) facts.received = size
      if (size <= limit) chunks.push(chunk)
      else chunks.length = 0
      return size > limit + DRAIN
    }),
    Stream.runDrain,
    Effect.mapError(broken),
    Effect.timeoutOrElse({ duration: ARRIVAL, orElse: () => Effect.fail(late()) }),
  )
  if (size > limit) return yield* tooLarge(limit)
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
})

const decoder = new TextDecoder("utf-8", { fatal: true })

/** The message of `JSON.parse` without the text that it quotes, and in one line. */
const syntaxOf = (error: unknown) =>
  (error as Error).message.replace(/, ?\.{0,3}"[^]*" is not valid JSON$/, "").replaceAll(/[^\x20-\x7e]+/g, " ").slice(
    0,
    200,
  )

const checked = Effect.fnUntraced(function* (
  bytes: Uint8Array,
  bounds: Values,
  judge: JudgedFirst["Service"] | undefined,
) {
  if (bytes.length === 0) return "{}"
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    return yield* invalid("$", "must be valid UTF-8")
  }
  const scan = new JsonScan(text, bounds)
  while (!scan.step(STEP)) yield* Effect.yieldNow
  if (scan.fault !== undefined) return yield* refusal([scan.fault])
  const pause = scan.values > MANY ? Effect.yieldNow : Effect.void
  yield* pause
  let value: Schema.Json
  try {
    value = JSON.parse(text)
  } catch (error) {
    return yield* invalid("$", `must be JSON: ${syntaxOf(error)}`)
  }
  // bare ones are no JSON or no UTF-8: only an escape makes them
  const fault = text.includes("\\u") ? textFault(value, []) : undefined
  if (fault !== undefined) return yield* fault
  if (judge !== undefined) {
    yield* pause
    const faults = judge(value, bounds)
    if (faults.length > 0) return yield* refusal(faults)
  }
  yield* pause
  return text
})

/** The JSON of a request of no contract's endpoint, checked as those of endpoints are. */
export const jsonText = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, bounds: Values) {
  yield* Effect.fromResult(mediaOf(request.headers))
  return yield* checked(yield* read(request, bounds.body_bytes), bounds, undefined)
})

/** The layer of `BodyLimits`. An empty body counts as `{}`. */
export const layer = Layer.effect(
  BodyLimits,
  Effect.map(Bounds, (bounds) => {
    const limited: typeof BodyLimits.Service = Effect.fnUntraced(function* (httpEffect, { endpoint }) {
      const turn = yield* Turn
      if (endpoint.payload.size === 0) return yield* turn(httpEffect)
      const request = yield* HttpServerRequest.HttpServerRequest
      yield* Effect.fromResult(mediaOf(request.headers))
      const judge = Option.getOrUndefined(Context.getOption(endpoint.annotations, JudgedFirst))
      const bytes = yield* read(request, limitOf(endpoint, bounds))
      return yield* turn(Effect.gen(function* () {
        const text = yield* checked(bytes, bounds, judge)
        const read_ = Object.create(request, { text: { value: Effect.succeed(text) } })
        return yield* Effect.provideService(httpEffect, HttpServerRequest.HttpServerRequest, read_)
      }))
    })
    return (httpEffect, options) => options.endpoint.method === "GET" ? httpEffect : limited(httpEffect, options)
  }),
)
