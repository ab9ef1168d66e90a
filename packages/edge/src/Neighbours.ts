/**
 * Whether the services that this one needs are here: for each, since when and how it is away. It learns that from the calls
 * themselves and from a poll of `/readyz`, and says it in the log, on this service's `/readyz`, and as a metric.
 */
import { Clock, Context, type Duration, Effect, Layer, Option, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientError } from "effect/http"
import { type Absence, type Fault, How, wordsOf } from "./Absence.ts"
import * as Client from "./Client.ts"
import { Health } from "./Health.ts"
import { StateMetrics } from "./Metrics.ts"
import { Neighbour, UNSAID_MS } from "./Neighbours/Neighbour.ts"
import { PortCheck } from "./PortCheck.ts"
import type { PORTS } from "./Ports.ts"
import { pollAway, pollFirst, pollHere } from "./Schedules.ts"

/** How long `/readyz` may take: its own checks take 2 s at most. */
const DEADLINE: Duration.Input = "3 seconds"
/** How often one that was never there is asked as soon as after a start. */
const FIRST_LOOKS = 30
type Name = keyof typeof PORTS

/** What `/readyz` of a service says, as far as it is read. */
const Readiness = Schema.Struct({
  checks: Schema.Record(Schema.String, Schema.String),
  /** Whether it would be ready if all others were; absent in versions before. */
  itself: Schema.optionalKey(Schema.Literals(["ready", "not_ready"])),
  away: Schema.optionalKey(Schema.Array(Schema.Struct({
    part: Schema.String,
    how: How,
    since: Schema.String,
    detail: Schema.String,
    seen_by: Schema.optionalKey(Schema.String),
  }))),
})
const decodeReadiness = Schema.decodeUnknownOption(Readiness)

const oneLine = (text: string) => text.replace(/\s+/g, " ").trim().slice(0, 200)

/**
 * What a failed call says of the service that was called; undefined when it says nothing of it. A time-out alone does not tell
 * a service that is frozen from one that is slow at this: `ask` does.
 */
export const faultOf = (error: unknown): Fault | undefined => {
  if (!HttpClientError.isHttpClientError(error)) return undefined
  const status = error.response?.status
  if (status === 401 || status === 403) return { how: "token_refused", detail: `it answered ${status}` }
  if (status !== undefined) {
    return status === 502 || status === 503 || status === 504
      ? { how: "unavailable", detail: `it answered ${status}` }
      : undefined
  }
  if (error.reason._tag !== "TransportError") return undefined
  const { cause, description } = error.reason
  // a deadline of Client.make has a description and no cause
  if (cause === undefined) return { how: "timed_out", detail: oneLine(description ?? "no answer in time") }
  return { how: "refused", detail: oneLine(cause instanceof Error ? cause.message : String(cause)) }
}

/** The services that this one needs. */
export class Neighbours extends Context.Service<Neighbours, {
  /** A call of the service was answered. */
  answered(name: Name): Effect.Effect<void>
  /** A call of the service failed in a way that says that it is away. */
  failed(name: Name, fault: Fault): Effect.Effect<void>
  /** Asks the service now whether it is there; undefined when it is. Within 3 seconds. */
  ask(name: Name): Effect.Effect<Fault | undefined>
  /** What the `/readyz` of a service said last that is wrong with it. */
  said(name: string): Fault | undefined
  /** Everything that is away now, also what others say of theirs; each part once, without the first 3 seconds. */
  readonly away: Effect.Effect<ReadonlyArray<Absence>>
  /**
   * Services that are here as seen from here, and away as another says; each since it was noticed. Two services that can't
   * reach each other are seen so by a third.
   */
  readonly disputed: Effect.Effect<ReadonlyArray<Absence>>
}>()("stint/Neighbours") {
  /** Nobody is ever away: for a service whose clients a test plays. */
  static readonly none = Layer.succeed(Neighbours, {
    answered: () => Effect.void,
    failed: () => Effect.void,
    ask: () => Effect.succeed(undefined),
    said: () => undefined,
    away: Effect.succeed([]),
    disputed: Effect.succeed([]),
  })

  /** Watches `names`, for the service `self`. While one of `needed` is away, this service is not ready. */
  static readonly layer = (self: string, names: ReadonlyArray<Name>, needed: ReadonlyArray<Name> = []) =>
    Layer.effect(
      Neighbours,
      Effect.gen(function* () {
        const { poll, ...watch } = yield* makeWatch(self, names)
        const health = yield* Health
        const metrics = yield* StateMetrics
        yield* health.show(watch.away)
        for (const name of needed) yield* health.require(checkOf(name, watch.away))
        yield* metrics.add("neighbours", Effect.map(watch.away, (away) => gauges(names, away)), "1 second")
        for (const name of names) yield* Effect.forkScoped(poll(name))
        return Neighbours.of(watch)
      }),
    ).pipe(Layer.provide(FetchHttpClient.layer))
}

const checkOf = (name: Name, away: Neighbours["Service"]["away"]) => ({
  name,
  ofOthers: true,
  check: Effect.flatMap(away, (all) => {
    const absence = all.find(({ part }) => part === name)
    if (absence === undefined) return Effect.void
    return Effect.fail(`away since ${new Date(absence.since).toISOString()}: ${wordsOf(absence)}`)
  }),
})

const gauges = (names: ReadonlyArray<Name>, away: ReadonlyArray<Absence>) =>
  names.map((name) => ({
    name: "neighbour_away",
    help: "Whether a service that this one needs is away, as this process sees it",
    labels: { part: name },
    value: away.some(({ part }) => part === name) ? 1 : 0,
  }))

/** Asks `/readyz`: what is wrong with the service, and what it says of others. */
const makeAsk = Effect.gen(function* () {
  const client = HttpClient.withScope(yield* HttpClient.HttpClient)
  const ports = yield* PortCheck
  const nothing: ReadonlyArray<Absence> = []
  return (name: Name, url: string) =>
    Effect.gen(function* () {
      yield* ports.check(url)
      const response = yield* client.get(`${url}/readyz`)
      const said = Option.getOrUndefined(decodeReadiness(yield* Effect.orElseSucceed(response.json, () => undefined)))
      // what it has from others is left out: two services must not keep a rumour alive between them
      const hearsay = (said?.away ?? []).filter(({ seen_by }) => seen_by === undefined)
        .map((absence): Absence => ({ ...absence, since: Date.parse(absence.since), seen_by: name }))
      if (response.status < 400 || said?.itself === "ready") return { hearsay, fault: undefined }
      const why = Object.entries(said?.checks ?? {}).filter(([, text]) => text !== "ok")
      const detail = why.length === 0
        ? `/readyz answered ${response.status}`
        : oneLine(why.map(([check, text]) => `${check}: ${text}`).join("; "))
      return { hearsay, fault: { how: "unavailable" as const, detail } }
    }).pipe(
      Effect.scoped,
      Effect.provideService(HttpClient.TracerPropagationEnabled, false),
      Effect.timeoutOrElse({
        duration: DEADLINE,
        orElse: () =>
          Effect.succeed({ hearsay: nothing, fault: { how: "timed_out" as const, detail: "no answer within 3 s" } }),
      }),
      Effect.catch((error) =>
        Effect.succeed({
          hearsay: nothing,
          fault: faultOf(error) ?? { how: "refused" as const, detail: oneLine(error.message) },
        })
      ),
    )
})

/** The state of all neighbours, and what changes it. */
const makeWatch = Effect.fnUntraced(function* (self: string, names: ReadonlyArray<Name>) {
  const askReadyz = yield* makeAsk
  const urls = new Map(
    yield* Effect.forEach(names, (name) => Effect.map(Client.urlOf(name), (url) => [name, url] as const)),
  )
  const all = new Map<string, Neighbour>(names.map((name) => [name, new Neighbour(name)]))

  const change = (name: Name, how: (neighbour: Neighbour, now: number) => void) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const neighbour = all.get(name)
      if (neighbour === undefined) return Effect.void
      how(neighbour, now)
      const line = neighbour.settle(now)
      if (line === undefined) return Effect.void
      return "away" in line ? Effect.logWarning(line.away) : Effect.logInfo(line.back)
    })

  const ask = Effect.fnUntraced(function* (name: Name) {
    const url = urls.get(name)
    if (url === undefined) return undefined
    const { fault, hearsay } = yield* askReadyz(name, url)
    yield* change(name, (neighbour, now) => {
      neighbour.hearsay = hearsay
      neighbour.asked(fault, now)
    })
    return fault
  })

  /** Since when services are away as others say, and here as seen from here. */
  const disputes = new Map<string, number>()

  const away = Effect.map(Clock.currentTimeMillis, (now): ReadonlyArray<Absence> => {
    const parts = new Map<string, Absence>()
    for (const { hearsay } of all.values()) for (const absence of hearsay) parts.set(absence.part, absence)
    // what is seen from here goes before what others say
    for (const name of [self, ...names]) parts.delete(name)
    for (const { absence } of all.values()) if (absence !== undefined) parts.set(absence.part, absence)
    const causes = new Map<string, unknown>([...parts, ...disputes])
    for (const neighbour of all.values()) {
      const because = neighbour.absence === undefined ? undefined : neighbour.because(causes, now)
      if (because !== undefined) parts.set(neighbour.name, { ...neighbour.absence!, because })
    }
    return [...parts.values()].filter(({ since }) => now - since >= UNSAID_MS)
  })

  const disputed = Effect.map(Clock.currentTimeMillis, (now): ReadonlyArray<Absence> => {
    const said = new Map<string, Absence>()
    for (const { hearsay } of all.values()) {
      for (const told of hearsay) {
        const seen = all.get(told.part)
        if (seen !== undefined && seen.absence === undefined) said.set(told.part, told)
      }
    }
    for (const part of disputes.keys()) if (!said.has(part)) disputes.delete(part)
    for (const part of said.keys()) if (!disputes.has(part)) disputes.set(part, now)
    return [...said.values()].map((told) => ({ ...told, since: disputes.get(told.part)! }))
  })

  /** For ever: while it is away more often. */
  const poll = Effect.fnUntraced(function* (name: Name) {
    let first = FIRST_LOOKS
    yield* Effect.sleep(pollFirst)
    while (true) {
      const isHere = (yield* ask(name)) === undefined
      first = isHere ? 0 : first - 1
      yield* Effect.sleep(isHere ? pollHere : first > 0 ? pollFirst : pollAway)
    }
  })

  return {
    answered: (name: Name) => change(name, (neighbour) => neighbour.answered()),
    failed: (name: Name, fault: Fault) => change(name, (neighbour, now) => neighbour.failed(fault, now)),
    ask,
    said: (name: string) => all.get(name)?.byPoll,
    away,
    disputed,
    poll,
  }
})
