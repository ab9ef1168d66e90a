/** One request to a remote maker and its answer, bounded in size. It follows no redirect. */
import { reasonOf, retryAfterOf } from "@stint/edge/Webhooks"
import type { makeSigner } from "@stint/edge/Webhooks"
import type { Signing } from "@stint/edge/Secrets"
import { DateTime, Effect, type Schema, Stream } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { MakerFailed, type MakingError, PlaceAway } from "../Errors.ts"

/** The most bytes of an answer. */
const MOST = 1024 * 1024

/** Statuses by which a maker says that it can't take the request now (domain.md: away). */
const AWAY = new Set([408, 429, 503])

/** A request. Its key is the run's, so that a repeat is recognised. */
export interface Outgoing {
  readonly method: "GET" | "POST"
  readonly url: string
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

/** The parts of a body as one. */
const joined = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const parsed = (parts: ReadonlyArray<Uint8Array>): Schema.Json | undefined => {
  try {
    return JSON.parse(decoder.decode(joined(parts))) as Schema.Json
  } catch {
    return undefined
  }
}

const tooLarge = new MakerFailed({ detail: `The maker's answer has more than ${MOST} bytes` })

/** Makes `exchange`, which sends a request. A maker that is not reached is away; its connection may break on the way as well. */
export const makeExchange = (sign: Effect.Success<typeof makeSigner>) =>
  Effect.map(HttpClient.HttpClient, (whole) => {
    const client = HttpClient.withScope(whole)
    return ({ body, key, method, secrets, url }: Outgoing): Effect.Effect<Answer, MakingError> =>
      Effect.gen(function* () {
        const request = HttpClientRequest.make(method)(url).pipe(
          HttpClientRequest.setHeaders({ "idempotency-key": key, ...(yield* sign(secrets, { id: key, body })) }),
          (made) => method === "POST" ? HttpClientRequest.bodyText(made, body, "application/json") : made,
        )
        const response = yield* client.execute(request)
        const parts: Array<Uint8Array> = []
        let size = 0
        yield* Stream.runForEach(response.stream, (part) => {
          size += part.length
          if (size > MOST) return Effect.fail(tooLarge)
          parts.push(part)
          return Effect.void
        })
        const now = DateTime.toEpochMillis(yield* DateTime.now)
        return {
          status: response.status,
          location: response.headers["location"],
          retryAfter: retryAfterOf(response.headers["retry-after"], now),
          body: parsed(parts),
        }
      }).pipe(
        Effect.scoped,
        Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
        // a third party: it gets no trace headers, and no trace gets its signature
        Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
        Effect.provideService(HttpClient.TracerPropagationEnabled, false),
        Effect.catchTag("HttpClientError", (error) => Effect.fail(new PlaceAway({ why: reasonOf(error) }))),
      )
  })

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
