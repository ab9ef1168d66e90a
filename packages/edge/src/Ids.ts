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
  return drawn.subarray(used, used += bytes)
}

/** So many random bytes in hex. */
export const randomHex = (bytes: number): string => hex(random(bytes))

/** The characters of the uuid that is being made: put together at once they are one string, and not one for each byte. */
const codes = new Array<number>(36).fill("-".charCodeAt(0))
const digitCodes = Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0))
/** Where the digits of the ten bytes after the time stand. */
const places = [14, 16, 19, 21, 24, 26, 28, 30, 32, 34]

const format = (millis: number, tail: Uint8Array): string => {
  let rest = millis
  for (let at = 12; at >= 0; at--) {
    if (at === 8) continue
    const quotient = Math.floor(rest / 16)
    codes[at] = digitCodes[rest - quotient * 16]!
    rest = quotient
  }
  for (let i = 0; i < 10; i++) {
    const byte = i === 0 ? (tail[0]! & 0x0f) | 0x70 : i === 2 ? (tail[2]! & 0x3f) | 0x80 : tail[i]!
    codes[places[i]!] = digitCodes[byte >> 4]!
    codes[places[i]! + 1] = digitCodes[byte & 0x0f]!
  }
  return String.fromCharCode.apply(null, codes)
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
  /** The next ids, as so many calls of `next` give them: of many at once each costs a fraction. */
  take(prefix: string, count: number): Effect.Effect<ReadonlyArray<string>>
  /** When the request counts as made, in epoch milliseconds: when its key was first seen, else now. */
  readonly instant: Effect.Effect<number>
}>()("stint/Ids") {
  static readonly layer = Layer.effect(
    Ids,
    Effect.sync(() => {
      const take = Effect.fnUntraced(function* (prefix: string, count: number) {
        const seed = yield* IdSeed
        const made: Array<string> = []
        if (seed === undefined) {
          const now = yield* Clock.currentTimeMillis
          while (made.length < count) made.push(`${prefix}-${uuidv7(now)}`)
          return made
        }
        while (made.length < count) {
          const digest = yield* sha256(`${seed.key}\n${prefix}\n${seed.taken++}`)
          made.push(`${prefix}-${uuidv7(seed.millis, digest.slice(0, 10))}`)
        }
        return made
      })
      return Ids.of({
        next: (prefix) => Effect.map(take(prefix, 1), ([id]) => id!),
        take,
        instant: Effect.gen(function* () {
          const seed = yield* IdSeed
          return seed === undefined ? yield* Clock.currentTimeMillis : seed.millis
        }),
      })
    }),
  )
}
