/** One request to a remote maker and its answer, bounded in size. It follows no redirect. */
import type { Line } from "@stint/edge/Dial"
import { type makeSigner, retryAfterOf } from "@stint/edge/Webhooks"
import type { Signing } from "@stint/edge/Secrets"
import { DateTime, Effect, type Schema } from "effect"
import { MakerFailed, type MakingError, PlaceAway } from "../Errors.ts"

/** The most bytes of an answer. */
const MOST = 1024 * 1024

/** Statuses by which a maker says that it can't take the request now (domain.md: away). */
const AWAY = new Set([408, 429, 503])

/** A request. Its key is the run's, so that a repeat is recognised. */
export interface Outgoing {
  readonly method: "GET" | "POST"
  readonly key: string
  readonly secrets: Signing
  readonly body: string
}

/** An answer, whatever its status; `body` is undefined where it is no JSON. */
export interface Answer {
  readonly status: number
  readonly location: string | undefined
  /** Milliseconds. */
  readonly retryAfter: number | undefined
  readonly body: Schema.Json | undefined
}

const decoder = new TextDecoder("utf-8", { fatal: true })

const parsed = (body: Uint8Array): Schema.Json | undefined => {
  try {
    return JSON.parse(decoder.decode(body)) as Schema.Json
  } catch {
    return undefined
  }
}

const tooLarge = new MakerFailed({ detail: `The maker's answer has more than ${MOST} bytes` })

/**
 * Makes `exchange`, which sends a request over a connection. It may break on the way: then the maker is away, and nobody knows whether it
 * got it. A third party gets no trace headers, and no trace gets its signature.
 */
export const makeExchange =
  (sign: Effect.Success<typeof makeSigner>) =>
  (line: Line, { body, key, method, secrets }: Outgoing): Effect.Effect<Answer, MakingError> =>
    Effect.gen(function* () {
      const headers = {
        "idempotency-key": key,
        ...(method === "POST" ? { "content-type": "application/json" } : {}),
        ...(yield* sign(secrets, { id: key, body })),
      }
      const answer = yield* line.send({ method, headers, body }, MOST)
      if (answer.body === undefined) return yield* tooLarge
      const now = DateTime.toEpochMillis(yield* DateTime.now)
      return {
        status: answer.status,
        location: answer.headers["location"],
        retryAfter: retryAfterOf(answer.headers["retry-after"], now),
        body: parsed(answer.body),
      }
    }).pipe(Effect.catchTag("LineBroke", ({ why }) => Effect.fail(new PlaceAway({ why }))))

/** Fails where an answer says that the maker is away. */
export const judged = <E>(answer: Effect.Effect<Answer, E>): Effect.Effect<Answer, E | PlaceAway> =>
  Effect.flatMap(answer, (it) =>
    AWAY.has(it.status)
      ? Effect.fail(
        new PlaceAway({
          why: `it answered ${it.status}`,
          ...(it.retryAfter === undefined ? {} : { retryAfter: Math.min(it.retryAfter, 3_600_000) }),
        }),
      )
      : Effect.succeed(it))
