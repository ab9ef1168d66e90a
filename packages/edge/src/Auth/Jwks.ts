/** The keys of a JSON Web Key Set: from its text, and its text from a url. */
import { Effect, Option, Result, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import type { JSONWebKeySet } from "jose"

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({
  keys: Schema.Array(Schema.Record(Schema.String, Schema.Json)),
})))

/** Members of a JWK that are secret: its set is published, so they are there by mistake. */
const secret = ["d", "k", "p", "q", "dp", "dq", "qi", "oth"]

/** The key set of a text. One without keys accepts no token. */
export const parse = (text: string): Result.Result<JSONWebKeySet, string> => {
  const set = decode(text)
  if (Option.isNone(set)) return Result.fail("must be a JSON Web Key Set, as JSON")
  if (set.value.keys.some((key) => secret.some((member) => member in key))) {
    return Result.fail("must hold public keys alone: there is a private or symmetric one")
  }
  return Result.succeed(set.value as unknown as JSONWebKeySet)
}

/** As `parse`, for a set that can change: one without keys would lock everybody out, and is taken for a fault of its issuer. */
export const parseSome = (text: string): Result.Result<JSONWebKeySet, string> =>
  Result.flatMap(
    parse(text),
    (set) => set.keys.length === 0 ? Result.fail("must have at least one key") : Result.succeed(set),
  )

/** How long the issuer may take to answer, and how long the answer may be, in characters. */
const DEADLINE = "5 seconds"
const LONGEST = 1_000_000

/** The text at a url, or why there is none. */
export const fetchText = (url: string): Effect.Effect<string, string> =>
  Effect.flatMap(FetchHttpClient.Fetch, (fetch) =>
    Effect.tryPromise({
      try: async (signal) => {
        const response = await fetch(url, { signal, headers: { accept: "application/json" } })
        if (!response.ok) throw new Error(`the answer is ${response.status}`)
        const text = await response.text()
        if (text.length > LONGEST) throw new Error("the answer is too long")
        return text
      },
      catch: (error) => `can't be fetched: ${(error instanceof Error ? error.message : String(error)).split("\n")[0]}`,
    })).pipe(Effect.timeoutOrElse({
      duration: DEADLINE,
      orElse: () => Effect.fail(`can't be fetched: no answer within ${DEADLINE}`),
    }))
