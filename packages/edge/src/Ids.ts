/** New ids: a prefix and a version 7 uuid. Under an Idempotency-Key they are derived from the key, not random. */
import { Clock, Context, Effect, Layer } from "effect"
import { sha256 } from "./Sha256.ts"

const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

const hex = (bytes: Uint8Array) => {
  let text = ""
  for (let i = 0; i < bytes.length; i++) text += digits[bytes[i]!]
  return text
}

/** Random bytes that were drawn together, which costs far less than to draw them for each id; each is used once. */
const drawn = new Uint8Array(4096)
let used = drawn.length

const random = (bytes: number): Uint8Array => {
  if (used + bytes > drawn.length) {
    crypto.getRandomValues(drawn)
    used = 0
  }
  return drawn.slice(used, used += bytes)
}

/** So many random bytes in hex. */
export const randomHex = (bytes: number): string => hex(random(bytes))

const format = (millis: number, tail: Uint8Array): string => {
  const time = millis.toString(16).padStart(12, "0")
  const version = digits[(tail[0]! & 0x0f) | 0x70]! + digits[tail[1]!]!
  const variant = digits[(tail[2]! & 0x3f) | 0x80]! + digits[tail[3]!]!
  return `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}-${hex(tail.subarray(4))}`
}

/** The last random id of this process: later ids sort later, also within a millisecond (RFC 9562, 6.2). */
const last = { millis: 0, count: 0 }

/** A version 7 uuid for `millis` since the epoch. Its ten other bytes are random and ordered within the process, unless given. */
export const uuidv7 = (millis: number, tail?: Uint8Array): string => {
  if (tail !== undefined) return format(millis, tail)
  const bytes = random(10)
  if (millis > last.millis || millis < last.millis - 1_000) {
    last.millis = millis
    last.count = ((bytes[0]! << 8) | bytes[1]!) & 0x7ff
  } else if (++last.count > 0xfff) {
    last.millis++
    last.count = 0
  }
  bytes[0] = last.count >> 8
  bytes[1] = last.count & 0xff
  return format(last.millis, bytes)
}

/**
 * Version 7 uuids from a counter that starts at 56 random bits: cheaper than new randomness for each. They are unique, but
 * one can be guessed from another: only for rows that nobody reads by id.
 */
export const uuidv7Series = (): (millis: number) => string => {
  const random = hex(crypto.getRandomValues(new Uint8Array(3)))
  let count = crypto.getRandomValues(new Uint32Array(1))[0]!
  return (millis) => {
    const time = millis.toString(16).padStart(12, "0")
    const rest = (count++).toString(16).padStart(12, "0")
    return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${rest}`
  }
}

/** What ids are derived from while a request with a reserved Idempotency-Key is handled. */
export interface Seed {
  /** When the key was first seen, in epoch milliseconds. */
  readonly millis: number
  /** Caller, route and key. */
  readonly key: string
  /** How many ids this request has made so far. */
  taken: number
}

/**
 * The seed of the request that is being handled; undefined without an Idempotency-Key. The n-th id of the request is the
 * same each time it is handled, so that a repeat after a crash finds the rows of the first try.
 */
export const IdSeed = Context.Reference<Seed | undefined>("stint/IdSeed", { defaultValue: () => undefined })

/** Makes ids. */
export class Ids extends Context.Service<Ids, {
  /** The next id, e.g. `next("SUB")`. */
  next(prefix: string): Effect.Effect<string>
  /** When the request counts as made, in epoch milliseconds: when its key was first seen, else now. */
  readonly instant: Effect.Effect<number>
}>()("stint/Ids") {
  static readonly layer = Layer.succeed(Ids, {
    next: Effect.fnUntraced(function* (prefix) {
      const seed = yield* IdSeed
      if (seed === undefined) return `${prefix}-${uuidv7(yield* Clock.currentTimeMillis)}`
      const digest = yield* sha256(`${seed.key}\n${prefix}\n${seed.taken++}`)
      return `${prefix}-${uuidv7(seed.millis, digest.slice(0, 10))}`
    }),
    instant: Effect.gen(function* () {
      const seed = yield* IdSeed
      return seed === undefined ? yield* Clock.currentTimeMillis : seed.millis
    }),
  })
}
