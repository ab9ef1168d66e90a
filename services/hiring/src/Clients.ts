/** The services that hiring calls: the catalog for definitions, the scheduler for whether it runs. */
import { serviceApi } from "@stint/domain/ServiceApi"
import { type AgentType, CatalogApi } from "@stint/domain/catalog/AgentTypes"
import { Version } from "@stint/domain/Definition"
import { AgentTypeId, type CustomerId, type HiredInstanceId } from "@stint/domain/Ids"
import type { Unavailable } from "@stint/domain/Problem"
import { PausesGroup } from "@stint/domain/scheduler/Pauses"
import { AgentTypeUnknown } from "@stint/domain/hiring/Subscriptions"
import * as Client from "@stint/edge/Client"
import { makeFinalCache } from "@stint/edge/FinalCache"
import { onceMore } from "@stint/edge/Schedules"
import { Cache, Context, Effect, Layer, Option, Schema } from "effect"

/** Agent types as the catalog has them. */
export class Catalog extends Context.Service<Catalog, {
  /** The latest version of a type now. One call of the catalog is under way per type: who asks meanwhile gets its answer. */
  latest(agent_id: string): Effect.Effect<AgentType, AgentTypeUnknown | Unavailable>
  /** That there is such a type: asked once, since no version is ever removed. */
  known(agent_id: string): Effect.Effect<void, AgentTypeUnknown | Unavailable>
  /** One version: fetched once, then cached, since a published version never changes. */
  version(agent_id: string, version: string): Effect.Effect<AgentType, AgentTypeUnknown | Unavailable>
}>()("hiring/Catalog") {
  /** The catalog over HTTP: an answer within 2 seconds, or Unavailable. */
  static readonly layer = Layer.effect(
    Catalog,
    Effect.gen(function* () {
      const client = yield* Client.make(CatalogApi, { name: "catalog", deadline: "2 seconds" })

      const fetch = Effect.fn("Catalog.fetch")(function* (agent_id: string, version: string | undefined) {
        const name = version === undefined ? agent_id : `${agent_id}@${version}`
        const unknown = new AgentTypeUnknown({ detail: `The catalog has no ${name.slice(0, 200)}` })
        // What cannot name a type is not sent: "..", in a path, would name something else
        if (!isTypeName(agent_id) || (version !== undefined && !isVersion(version))) return yield* unknown
        const query = version === undefined ? {} : { version }
        return yield* client.agentTypes.get({ params: { type: AgentTypeId.make(agent_id) }, query }).pipe(
          Effect.catchTag("AgentTypeNotFound", () => unknown),
          Effect.retry({ schedule: onceMore, while: (error) => error._tag === "HttpClientError" }),
          Effect.timeout("2 seconds"),
          Effect.catchIf((error) => error._tag !== "AgentTypeUnknown", Client.unavailable("catalog")),
        )
      })

      const versions = yield* makeFinalCache((key: { readonly agent_id: string; readonly version: string }) =>
        fetch(key.agent_id, key.version)
      )

      // who asks while an answer is on its way shares it: a burst of one customer is one call, not a catalog that seems away
      const lookups = yield* makeFinalCache((agent_id: string) => fetch(agent_id, undefined), () => false)

      // The cached object where there is one, so that what is derived from a definition is derived once
      const latest = Effect.fnUntraced(function* (agent_id: string) {
        const latest = yield* Cache.get(lookups, agent_id)
        const key = { agent_id: latest.agent_type_id, version: latest.version }
        const cached = yield* Cache.getSuccess(versions, key)
        if (Option.isSome(cached)) return cached.value
        yield* Cache.set(versions, key, latest)
        return latest
      })
      const known = yield* makeFinalCache((agent_id: string) => Effect.asVoid(latest(agent_id)))

      return Catalog.of({
        latest,
        known: (agent_id) => Cache.get(known, agent_id),
        version: (agent_id, version) => Cache.get(versions, { agent_id, version }),
      })
    }),
  )
}

const isVersion = Schema.is(Version)
const isTypeName = (name: string) => /^[A-Za-z0-9._-]{1,128}$/.test(name) && !/^\.{1,2}$/.test(name)

/** Whether the scheduler runs, for the answer to a request to run. */
export class Scheduler extends Context.Service<Scheduler, {
  /** Paused when everything, the hire's customer or the hire is. Never fails: without an answer in 300 ms it is "unknown". */
  status(hire: {
    readonly hired_instance_id: HiredInstanceId
    readonly customer_id: CustomerId
  }): Effect.Effect<"running" | "paused" | "unknown">
}>()("hiring/Scheduler") {
  /** The scheduler over HTTP. */
  static readonly layer = Layer.effect(
    Scheduler,
    Effect.gen(function* () {
      const client = yield* Client.make(serviceApi("scheduler", PausesGroup), {
        name: "scheduler",
        deadline: "300 millis",
      })
      return Scheduler.of({
        status: (hire) =>
          client.pauses.status().pipe(
            Effect.map(({ is_paused, scopes }) =>
              is_paused || scopes.some(({ scope }) =>
                  scope.hired_instance_id === hire.hired_instance_id || scope.customer_id === hire.customer_id
                )
                ? "paused" as const
                : "running" as const
            ),
            Effect.timeout("300 millis"),
            Effect.catchCause(() => Effect.succeed("unknown" as const)),
          ),
      })
    }),
  )
}
