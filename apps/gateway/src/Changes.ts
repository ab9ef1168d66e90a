/**
 * Live changes: which parts a page should ask for again.
 *
 * The gateway has no database, and no service announces to it. So while somebody listens, one watcher for each scope (a
 * customer, or all who see everybody) asks what its people may read anyway, the newest of a few lists, with the token of one
 * of them, and compares. Ten pages of a customer cost as much as one; nobody listening costs nothing. What is written through
 * this gateway is told at once. A change while nobody listened is found by the first look after somebody is back.
 */
import { Bounds } from "@stint/domain/Bounds"
import type { Caller } from "@stint/domain/Caller"
import { TooManyListeners } from "@stint/domain/gateway/Changes"
import type { Topic } from "@stint/domain/gateway/Changes"
import type { Unauthorized, Unavailable } from "@stint/domain/Problem"
import { Verifier } from "@stint/edge/Auth"
import { Health } from "@stint/edge/Health"
import { StateMetrics } from "@stint/edge/Metrics"
import { heartbeat, lookForChanges } from "@stint/edge/Schedules"
import * as Watchdog from "@stint/edge/Watchdog"
import { type Cause, Context, Effect, Fiber, Layer, Queue, Semaphore, Stream } from "effect"
import { type Probe, probesOf, scopeOf, touchedBy, touchesAll } from "./Changes/Policy.ts"
import { type Told, Watch } from "./Changes/Watch.ts"
import { Upstreams } from "./Upstreams.ts"
import type { ServiceName } from "./Upstreams/Table.ts"

/** A look as good as a new one, in milliseconds. */
const RECENT_MS = 250
/** How many scopes that nobody listens to are remembered for who comes back. */
const REMEMBERED = 1_000
/** How many events wait for a slow reader; older ones give way, and it hears less than it should: its page asks for all. */
const WAITING = 100
/** How long a look may take before the watchdog says so. */
const LATE = "10 seconds"
/** How soon a page comes back whose stream has ended, in milliseconds. */
const RETRY_MS = 1_000

/** A page that listens. */
interface Listener {
  readonly caller: Caller
  readonly token: string
  readonly queue: Queue.Queue<string, Cause.Done>
}

/** What is watched for those who see the same. */
interface Scoped {
  readonly watch: Watch
  readonly probes: ReadonlyArray<Probe>
  readonly listeners: Set<Listener>
  readonly looking: Semaphore.Semaphore
  lookedAt: number
  fiber: Fiber.Fiber<void> | undefined
}

const eventOf = ({ watch }: Scoped, { n, topics }: Told): string =>
  `id: ${watch.idOf(n)}\nevent: change\ndata: ${JSON.stringify({ topics })}\n\n`

const versionOf = (bytes: Uint8Array<ArrayBuffer>) =>
  Effect.map(Effect.promise(() => crypto.subtle.digest("SHA-256", bytes)), (digest) => new Uint8Array(digest).toHex())

/** The changes. */
export class Changes extends Context.Service<Changes, {
  /**
   * The events for the caller of a token, from the one after `lastEventId` on. It ends with the token and at a drain. What is
   * read after it has begun is no older than it.
   */
  listen(
    token: string,
    lastEventId: string | undefined,
  ): Effect.Effect<Stream.Stream<Uint8Array>, Unauthorized | Unavailable | TooManyListeners>
  /** Something was written with that token to a route of a service. */
  wrote(token: string, service: ServiceName, path: string): Effect.Effect<void>
}>()("gateway/Changes") {
  static readonly layer = Layer.effect(
    Changes,
    Effect.gen(function* () {
      const upstreams = yield* Upstreams
      const verifier = yield* Verifier
      const health = yield* Health
      const bounds = yield* Bounds
      const layerScope = yield* Effect.scope
      const scopes = new Map<string, Scoped>()
      let looks = 0

      const listeners = () => [...scopes.values()].flatMap((scoped) => [...scoped.listeners])

      const scopedOf = (caller: Caller): Scoped => {
        const key = scopeOf(caller)
        const known = scopes.get(key)
        if (known !== undefined) return known
        const idle = [...scopes].filter(([, { listeners }]) => listeners.size === 0)
        for (const [key] of idle.slice(0, Math.max(0, idle.length - REMEMBERED))) scopes.delete(key)
        const made: Scoped = {
          watch: new Watch(crypto.randomUUID()),
          probes: probesOf(caller),
          listeners: new Set(),
          looking: Semaphore.makeUnsafe(1),
          lookedAt: 0,
          fiber: undefined,
        }
        scopes.set(key, made)
        return made
      }

      const tell = (scoped: Scoped, topics: ReadonlyArray<Topic>) => {
        if (topics.length === 0) return
        const event = eventOf(scoped, scoped.watch.tell(topics))
        for (const { queue } of scoped.listeners) Queue.offerUnsafe(queue, event)
      }

      /** Looks with a listener's token; a listener whose token is refused hears no more. */
      const look = (scoped: Scoped, { queue, token }: Pick<Listener, "token"> & { queue?: Listener["queue"] }) =>
        Effect.gen(function* () {
          if (Date.now() - scoped.lookedAt < RECENT_MS) return
          looks++
          const found = yield* Effect.forEach(
            scoped.probes,
            ({ path, service, topic }) =>
              upstreams.read(service, path, token).pipe(
                Effect.flatMap(versionOf),
                Effect.map((version) => [topic, version] as const),
                Effect.catch((status) => {
                  if (status === 401 && queue !== undefined) Queue.endUnsafe(queue)
                  // nothing is known of it now: it is compared when it can be read again
                  return Effect.succeed(undefined)
                }),
              ),
            { concurrency: "unbounded" },
          )
          scoped.lookedAt = Date.now()
          tell(scoped, scoped.watch.compare(new Map(found.filter((version) => version !== undefined))))
        }).pipe(Watchdog.guard("looking for changes", LATE), scoped.looking.withPermit)

      /** While somebody listens; the newest listener's token is good for longest. */
      const watching = (scoped: Scoped) =>
        Effect.sleep(lookForChanges).pipe(
          Effect.andThen(Effect.suspend(() => {
            const newest = [...scoped.listeners].at(-1)
            return newest === undefined ? Effect.void : look(scoped, newest)
          })),
          Effect.forever,
        )

      const join = Effect.fnUntraced(function* (scoped: Scoped, listener: Listener) {
        scoped.listeners.add(listener)
        scoped.fiber ??= yield* Effect.forkIn(watching(scoped), layerScope)
        return Effect.suspend(() => {
          scoped.listeners.delete(listener)
          if (scoped.listeners.size > 0 || scoped.fiber === undefined) return Effect.void
          const { fiber } = scoped
          scoped.fiber = undefined
          return Effect.forkDetach(Fiber.interrupt(fiber))
        })
      })

      yield* health.onDrain(Effect.sync(() => {
        for (const { queue } of listeners()) Queue.endUnsafe(queue)
      }))
      const metrics = yield* StateMetrics
      yield* metrics.add(
        "changes",
        Effect.sync(() => [
          { name: "gateway_listeners", help: "Pages that listen to changes", value: listeners().length },
          { name: "gateway_looks", help: "Looks for changes", kind: "counter" as const, value: looks },
        ]),
        "1 second",
      )

      return Changes.of({
        listen: Effect.fn("Changes.listen")(function* (token, lastEventId) {
          const { caller, exp } = yield* verifier.verify(token)
          const all = listeners()
          const own = all.filter(({ caller: { customer_id, role, subject } }) =>
            role === caller.role && customer_id === caller.customer_id && subject === caller.subject
          )
          if (all.length >= bounds.event_streams || own.length >= bounds.event_streams_per_caller) {
            return yield* new TooManyListeners({ detail: "Too many pages listen; ask from time to time instead" })
          }
          const scoped = scopedOf(caller)
          yield* look(scoped, { token })
          const live = Stream.unwrap(Effect.gen(function* () {
            const queue = yield* Queue.sliding<string, Cause.Done>(WAITING)
            const missed = lastEventId === undefined ? undefined : scoped.watch.since(lastEventId)
            // its id alone tells the page nothing, and is what it comes back with
            const first = missed === undefined ? `id: ${scoped.watch.last}\n\n` : eventOf(scoped, missed)
            const leave = yield* join(scoped, { caller, token, queue })
            return Stream.concat(
              Stream.make(`retry: ${RETRY_MS}\n`, first),
              Stream.merge(Stream.fromQueue(queue), Stream.map(Stream.tick(heartbeat), () => ":\n\n"), {
                haltStrategy: "left",
              }),
            ).pipe(Stream.haltWhen(Effect.sleep(Math.max(0, exp * 1000 - Date.now()))), Stream.ensuring(leave))
          }))
          return Stream.encodeText(live)
        }),
        wrote: Effect.fn("Changes.wrote")(function* (token, service, path) {
          const claims = yield* Effect.option(verifier.verify(token))
          if (claims._tag === "None") return
          const topics = touchedBy(service, path)
          const keys = touchesAll(service, path) ? scopes.keys() : new Set([scopeOf(claims.value.caller), "everybody"])
          for (const key of keys) {
            const scoped = scopes.get(key)
            if (scoped !== undefined && scoped.listeners.size > 0) tell(scoped, topics)
          }
        }),
      })
    }),
  )
}
