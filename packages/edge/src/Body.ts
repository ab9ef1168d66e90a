/** Checks bodies before they are decoded: size, encoding, media type, depth, and text that Postgres can't store (api.md). */
import { BodyTooLarge, InvalidRequest } from "@stint/domain/Problem"
import { BodyLimits } from "@stint/domain/Protocol"
import { Effect, Layer, Stream } from "effect"
import { HttpServerRequest } from "effect/http"
import { jsonPath } from "@stint/domain/FieldIssues"
import { mediaOf } from "./Media.ts"

const MIB = 1024 * 1024
/** The most bytes of a body; a batch of runs may be larger. */
const limitOf = (path: string) => path.endsWith("/batch") ? 10 * MIB : MIB
/** How many bytes past the limit are read and dropped, so that the sender gets the answer and not a broken connection. */
const DRAIN = 32 * MIB
/** How long a body may take to arrive. */
const ARRIVAL = "60 seconds"
/** How deep a body may be nested. */
const DEPTH = 64

const invalid = (path: string, message: string) => new InvalidRequest({ detail: message, errors: [{ path, message }] })

/** The first fault of a parsed body: a text with NUL or a lone surrogate, a number that is not finite, or too much nesting. */
const faultOf = (value: unknown, path: Array<string | number>): InvalidRequest | undefined => {
  switch (typeof value) {
    case "string":
      if (value.includes("\0")) return invalid(jsonPath(path), "must not contain U+0000")
      if (!value.isWellFormed()) return invalid(jsonPath(path), "must not contain a lone surrogate")
      return undefined
    case "number":
      return Number.isFinite(value) ? undefined : invalid(jsonPath(path), "must be a finite number")
    case "object": {
      if (value === null) return undefined
      if (path.length >= DEPTH) return invalid("$", `must not nest deeper than ${DEPTH}`)
      const entries = Array.isArray(value) ? value.entries() : Object.entries(value)
      for (const [key, inner] of entries) {
        if (typeof key === "string" && (key.includes("\0") || !key.isWellFormed())) {
          return invalid(jsonPath(path), "must not have a key with U+0000 or a lone surrogate")
        }
        path.push(key)
        const fault = faultOf(inner, path)
        path.pop()
        if (fault !== undefined) return fault
      }
    }
  }
  return undefined
}

const read = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, limit: number) {
  // a request without a body has no stream to read
  if (request.source instanceof Request && request.source.body === null) return new Uint8Array()
  const chunks: Array<Uint8Array> = []
  let size = 0
  yield* request.stream.pipe(
    Stream.takeUntil((chunk) => {
      size += chunk.length
      if (size <= limit) chunks.push(chunk)
      else chunks.length = 0
      return size > limit + DRAIN
    }),
    Stream.runDrain,
    Effect.mapError(() => invalid("$", "ended before it was complete")),
    Effect.timeoutOrElse({
      duration: ARRIVAL,
      orElse: () => Effect.fail(invalid("$", `did not arrive within ${ARRIVAL}`)),
    }),
  )
  if (size > limit) {
    return yield* new BodyTooLarge({ detail: `A body here may have ${limit} bytes at most` })
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
})

const decoder = new TextDecoder("utf-8", { fatal: true })

const decode = Effect.fnUntraced(function* (bytes: Uint8Array) {
  if (bytes.length === 0) return "{}"
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    return yield* invalid("$", "must be valid UTF-8")
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return yield* invalid("$", `must be JSON: ${(error as Error).message}`)
  }
  const fault = faultOf(value, [])
  return fault === undefined ? text : yield* fault
})

/** The layer of `BodyLimits`. An empty body counts as `{}`. */
export const layer = Layer.succeed(
  BodyLimits,
  Effect.fnUntraced(function* (httpEffect, { endpoint }) {
    if (endpoint.method === "GET" || endpoint.payload.size === 0) return yield* httpEffect
    const request = yield* HttpServerRequest.HttpServerRequest
    yield* Effect.fromResult(mediaOf(request.headers))
    const text = yield* Effect.flatMap(read(request, limitOf(request.url.split("?")[0]!)), decode)
    const checked = Object.create(request, { text: { value: Effect.succeed(text) } })
    return yield* Effect.provideService(httpEffect, HttpServerRequest.HttpServerRequest, checked)
  }),
)
