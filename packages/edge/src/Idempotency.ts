/** Idempotency-Key as a layer: a first request runs, a repeat gets its reply again (api.md, "Conventions"). */
import { CurrentCaller } from "@stint/domain/Caller"
import { IdempotencyInFlight, IdempotencyMismatch, InvalidRequest } from "@stint/domain/Problem"
import { Idempotency, IdempotencyKey, InterimReplies, KeepsReplies } from "@stint/domain/Protocol"
import { Cause, Context, Effect, Layer, Option, Schedule, Schema } from "effect"
import { HttpServerRequest, HttpServerRespondable, HttpServerResponse } from "effect/http"
import { IdSeed } from "./Ids.ts"
import { HOLD_SECONDS, IdempotencyRepo, type Scope } from "./Idempotency/Repo.ts"

const sha256 = (text: string) =>
  Effect.promise(async () =>
    Array.from(
      new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
      (b) => b.toString(16).padStart(2, "0"),
    ).join("")
  )

const bodyText = (response: HttpServerResponse.HttpServerResponse): string =>
  response.body._tag === "Uint8Array" ? new TextDecoder().decode(response.body.body) : ""

const decodeKey = Schema.decodeUnknownOption(IdempotencyKey)

/**
 * The layer of `Idempotency`. Only 2xx replies are kept. Until then the key is held and renewed; a holder that died
 * loses it, and who takes it over makes the same ids (`IdSeed`), so nothing half acknowledged is made twice.
 */
export const layer = Layer.effect(
  Idempotency,
  Effect.gen(function* () {
    const repo = yield* IdempotencyRepo
    yield* repo.prune().pipe(
      Effect.repeat({ while: (gone) => gone > 0 }),
      Effect.catchCause((cause) => Effect.logDebug("could not prune idempotency keys", cause)),
      Effect.repeat(Schedule.spaced("10 minutes")),
      Effect.forkScoped,
    )

    return Effect.fnUntraced(function* (httpEffect, { endpoint }) {
      const request = yield* HttpServerRequest.HttpServerRequest
      const given = request.headers["idempotency-key"]
      if (
        given === undefined || endpoint.method === "GET" ||
        Option.isSome(Context.getOption(endpoint.annotations, KeepsReplies))
      ) {
        return yield* httpEffect
      }
      const interim = Option.isSome(Context.getOption(endpoint.annotations, InterimReplies))
      const key = decodeKey(given)
      if (Option.isNone(key)) {
        const message = "must be 1 to 255 visible ASCII characters"
        return yield* new InvalidRequest({
          detail: `Idempotency-Key ${message}`,
          errors: [{ path: 'header["idempotency-key"]', message }],
        })
      }
      const caller = yield* CurrentCaller
      const text = endpoint.payload.size === 0 ? "" : JSON.stringify(JSON.parse(yield* Effect.orDie(request.text)))
      const scope: Scope = {
        caller: `${caller.role}:${caller.subject}`,
        route: `${endpoint.method} ${endpoint.path}`,
        key: key.value,
      }
      const fingerprint = yield* sha256(`${request.url}\n${text}`)
      // A caller that hangs up ends what is done for it, never the taking and giving back of its key: a key that was taken
      // and not given back would be in flight for as long as a reservation holds
      return yield* Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const reservation = yield* repo.reserve(scope, fingerprint)
          switch (reservation._tag) {
            case "Mismatch":
              return yield* new IdempotencyMismatch({ detail: "Use a new key for a new request" })
            case "InFlight":
              return HttpServerResponse.setHeader(
                yield* HttpServerRespondable.toResponse(
                  new IdempotencyInFlight({ detail: "The first request with this key is still under way; try again" }),
                ),
                "retry-after",
                "1",
              )
            case "Replay": {
              const { body, location, status } = reservation.reply
              return HttpServerResponse.text(body, {
                status,
                contentType: "application/json",
                headers: { "idempotency-replayed": "true", ...(location === null ? {} : { location }) },
              })
            }
          }
          const seed = {
            millis: reservation.firstSeen,
            key: JSON.stringify([scope.caller, scope.route, scope.key]),
            taken: 0,
          }
          const renewing = Effect.repeat(repo.renew(scope), Schedule.spaced(`${HOLD_SECONDS / 3} seconds`)).pipe(
            Effect.delay(`${HOLD_SECONDS / 3} seconds`),
            Effect.andThen(Effect.never),
          )
          return yield* restore(Effect.raceFirst(Effect.provideService(httpEffect, IdSeed, seed), renewing)).pipe(
            Effect.tap((response) =>
              response.status < 300 && !(response.status === 202 && interim)
                ? repo.keep(scope, {
                  status: response.status,
                  location: Option.getOrNull(Option.fromUndefinedOr(response.headers.location)),
                  body: bodyText(response),
                })
                : repo.release(scope, response.status >= 300 && response.status < 500)
            ),
            Effect.onError((cause) =>
              repo.release(scope, !Cause.hasDies(cause) && !Cause.hasInterrupts(cause)).pipe(
                Effect.catchCause(() => Effect.void),
              )
            ),
          )
        })
      )
    })
  }),
)
