/** The Idempotency-Key middleware: a first request is handled, a repeat gets the same reply (api.md, "Conventions"). */
import { type Caller, CurrentCaller } from "@stint/domain/Caller"
import { canonicalJson } from "@stint/domain/Canonical"
import { IdempotencyInFlight, IdempotencyMismatch, InvalidRequest } from "@stint/domain/Problem"
import { Idempotency, IdempotencyKey, InterimReplies, KeepsReplies, KeptWithWork, Tagged } from "@stint/domain/Protocol"
import { Cause, Clock, Context, Effect, Layer, Option, Schema } from "effect"
import { Hex } from "effect/encoding"
import { HttpServerRequest, HttpServerRespondable, HttpServerResponse } from "effect/http"
import { IdSeed, type Seed } from "./Ids.ts"
import { type Held, IdempotencyRepo, type Prints, type Reservation, type Scope } from "./Idempotency/Repo.ts"
import { answerOf, KeyTaken, PendingKey } from "./Idempotency/WithWork.ts"
import { metWithoutTag } from "./Preconditions.ts"
import { pruneKeys, renewKey, upkeepBegins } from "./Schedules.ts"
import { sha256 } from "./Sha256.ts"

const fingerprint = (text: string) => Effect.map(sha256(text), Hex.encode)

const bodyText = (response: HttpServerResponse.HttpServerResponse): string =>
  response.body._tag === "Uint8Array" ? new TextDecoder().decode(response.body.body) : ""

const decodeKey = Schema.decodeUnknownOption(IdempotencyKey)

/** Whose key it is. Who acts for a customer has keys of its own there; no id has a slash. */
const callerOf = ({ customer_id, role, subject }: Caller): string =>
  customer_id === undefined ? `${role}:${subject}` : `${role}:${customer_id}/${subject}`

/** The key in a header; fails when it is malformed. */
const keyOf = (given: string): Effect.Effect<string, InvalidRequest> => {
  const message = "must be 1 to 255 visible ASCII characters"
  return Effect.mapError(
    Effect.fromOption(decodeKey(given)),
    () =>
      new InvalidRequest({
        detail: `Idempotency-Key ${message}`,
        errors: [{ path: 'header["idempotency-key"]', message }],
      }),
  )
}

/** The path, decoded part by part, and the query, decoded and in the order of its names. */
const targetOf = (url: string): string => {
  const [path = "", query = ""] = url.split(/\?(.*)/s, 2)
  const parameters = new URLSearchParams(query)
  parameters.sort()
  return JSON.stringify([path.split("/").map(decodeURIComponent), [...parameters]])
}

/** The longest body that is put in canonical form, in characters: it takes up to 20 ms. A longer one is compared as sent. */
const CANONICAL_CHARS = 128 * 1024

/** The prints of a request. Its body is JSON that was checked; it is written as it came and in canonical form. */
const printsOf = (url: string, body: string): Effect.Effect<Prints> => {
  const value: unknown = body === "" ? undefined : JSON.parse(body)
  const sent = value === undefined ? "" : JSON.stringify(value)
  const canonical = value === undefined || sent.length > CANONICAL_CHARS ? sent : canonicalJson(value)
  return Effect.all({ sent: fingerprint(`${url}\n${sent}`), canonical: fingerprint(`${targetOf(url)}\n${canonical}`) })
}

/** The reply to a request that is not handled, since its key is taken. */
const refuseOrReplay = Effect.fnUntraced(function* (taken: Exclude<Reservation, { readonly _tag: "Reserved" }>) {
  switch (taken._tag) {
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
    case "Replay":
      return HttpServerResponse.setHeader(answerOf(taken.reply), "idempotency-replayed", "true")
  }
})

/** Keeps the reply of a handled request, or releases its key. */
const keepOrRelease = (
  repo: IdempotencyRepo["Service"],
  held: Held,
  response: HttpServerResponse.HttpServerResponse,
  interim: boolean,
) =>
  response.status < 300 && !(response.status === 202 && interim)
    ? repo.keep(held, {
      status: response.status,
      location: Option.getOrNull(Option.fromUndefinedOr(response.headers.location)),
      body: bodyText(response),
    })
    : repo.release(held, response.status >= 300 && response.status < 500)

/** What the ids of a request are made from. */
const seedOf = ({ caller, key, route }: Scope, millis: number): Seed => ({
  millis,
  key: JSON.stringify([caller, route, key]),
  taken: 0,
})

/** Handles a request whose key is reserved before, and its reply kept after. */
const reserving = <E, R>(
  repo: IdempotencyRepo["Service"],
  scope: Scope,
  prints: Prints,
  handled: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  interim: boolean,
) =>
  // uninterruptible around the handler: a caller that hangs up must not leave its key reserved until the hold ends
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const reservation = yield* repo.reserve(scope, prints)
      if (reservation._tag !== "Reserved") return yield* refuseOrReplay(reservation)
      const held = { ...scope, holder: reservation.holder }
      const seed = seedOf(scope, reservation.firstSeen)
      const renewing = Effect.schedule(repo.renew(held), renewKey).pipe(Effect.andThen(Effect.never))
      return yield* restore(Effect.raceFirst(Effect.provideService(handled, IdSeed, seed), renewing)).pipe(
        Effect.tap((response) => keepOrRelease(repo, held, response, interim)),
        Effect.onError((cause) =>
          repo.release(held, !Cause.hasDies(cause) && !Cause.hasInterrupts(cause)).pipe(
            Effect.catchCause(() => Effect.void),
          )
        ),
      )
    })
  )

/** Handles a request that takes its key and keeps its reply by the transaction of its work. */
const withWork = <E, R>(
  scope: Scope,
  prints: Prints,
  handled: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
) =>
  Effect.flatMap(Clock.currentTimeMillis, (firstSeen) =>
    handled.pipe(
      Effect.provideService(PendingKey, { ...scope, ...prints, holder: crypto.randomUUID(), firstSeen }),
      Effect.provideService(IdSeed, seedOf(scope, firstSeen)),
    ))

const isTaken = (cause: Cause.Cause<unknown>) => Cause.hasDies(cause) && Cause.squash(cause) instanceof KeyTaken

/**
 * The layer of `Idempotency`. It keeps 2xx replies only. While the request is handled its key is reserved, and the
 * reservation renewed; that of a process that died ends, and the repeat that reserves the key next makes the same ids
 * (`IdSeed`): it finds what the first one stored, and makes nothing twice. Where the work itself takes the key and keeps
 * the reply (`KeptWithWork`) there is nothing to reserve, unless the key is there.
 */
export const layer = Layer.effect(
  Idempotency,
  Effect.gen(function* () {
    const repo = yield* IdempotencyRepo
    const prune = repo.prune().pipe(
      Effect.repeat({ while: (gone) => gone > 0 }),
      Effect.catchCause((cause) => Effect.logDebug("idempotency keys can't be pruned now", cause)),
    )
    yield* Effect.forkScoped(Effect.andThen(upkeepBegins, Effect.repeat(prune, pruneKeys)))

    const once: typeof Idempotency.Service = Effect.fnUntraced(function* (httpEffect, { endpoint }) {
      if (Option.isNone(Context.getOption(endpoint.annotations, Tagged))) {
        yield* metWithoutTag
      }
      const request = yield* HttpServerRequest.HttpServerRequest
      const given = request.headers["idempotency-key"]
      if (
        given === undefined || Option.isSome(Context.getOption(endpoint.annotations, KeepsReplies))
      ) {
        return yield* httpEffect
      }
      const interim = Option.isSome(Context.getOption(endpoint.annotations, InterimReplies))
      const key = yield* keyOf(given)
      const caller = yield* CurrentCaller
      const body = endpoint.payload.size === 0 ? "" : yield* Effect.orDie(request.text)
      const scope: Scope = {
        caller: callerOf(caller),
        route: `${endpoint.method} ${endpoint.path}`,
        key,
      }
      const prints = yield* printsOf(request.url, body)
      const keyed = reserving(repo, scope, prints, httpEffect, interim)
      return yield* Option.isSome(Context.getOption(endpoint.annotations, KeptWithWork))
        ? Effect.catchCauseIf(withWork(scope, prints, httpEffect), isTaken, () => keyed)
        : keyed
    })
    return (httpEffect, options) => options.endpoint.method === "GET" ? httpEffect : once(httpEffect, options)
  }),
)
