/** The services that hiring asks: the catalog for definitions, the scheduler for whether it runs. */
import { type AgentType, CatalogApi } from "@stint/domain/catalog/AgentTypes"
import { definitionId, Version } from "@stint/domain/Definition"
import { AgentTypeId, type CustomerId, type HiredInstanceId } from "@stint/domain/Ids"
import { Unavailable } from "@stint/domain/Problem"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { AgentTypeUnknown } from "@stint/domain/hiring/Subscriptions"
import * as Client from "@stint/edge/Client"
import { onceMore } from "@stint/edge/Schedules"
import { Context, Effect, Layer, Schema } from "effect"

/** How many versions are remembered; a published one never changes. */
const REMEMBERED = 1000

/** Agent types as the catalog has them. */
export class Catalog extends Context.Service<Catalog, {
  /** The latest version of a type, as of now. */
  latest(agent_id: string): Effect.Effect<AgentType, AgentTypeUnknown | Unavailable>
  /** One version, asked for once and then remembered. */
  version(agent_id: string, version: string): Effect.Effect<AgentType, AgentTypeUnknown | Unavailable>
}>()("hiring/Catalog") {
  /** The catalog over HTTP: an answer within 2 seconds, or Unavailable. */
  static readonly layer = Layer.effect(
    Catalog,
    Effect.gen(function* () {
      const client = yield* Client.make(CatalogApi, { name: "catalog", deadline: "2 seconds" })
      const known = new Map<string, AgentType>()

      // One object per version, so that what is derived from its fields is derived once
      const remember = (agentType: AgentType): AgentType => {
        const id = definitionId(agentType)
        const before = known.get(id)
        if (before !== undefined) return before
        if (known.size >= REMEMBERED) known.delete(known.keys().next().value!)
        known.set(id, agentType)
        return agentType
      }

      const ask = Effect.fn("Catalog.ask")(function* (agent_id: string, version: string | undefined) {
        const name = version === undefined ? agent_id : `${agent_id}@${version}`
        // What can name no type is not asked for: "..", as a path, would name another thing
        if (!isTypeName(agent_id) || (version !== undefined && !isVersion(version))) {
          return yield* new AgentTypeUnknown({ detail: `The catalog has no ${name.slice(0, 200)}` })
        }
        const query = version === undefined ? {} : { version }
        const answer = client.agentTypes.get({ params: { type: AgentTypeId.make(agent_id) }, query }).pipe(
          Effect.catchTag("AgentTypeNotFound", () => new AgentTypeUnknown({ detail: `The catalog has no ${name}` })),
        )
        return remember(
          yield* answer.pipe(
            Effect.retry({ schedule: onceMore, while: (error) => error._tag === "HttpClientError" }),
            Effect.timeout("2 seconds"),
            Effect.catchIf(
              (error) => error._tag !== "AgentTypeUnknown",
              (error) =>
                Effect.andThen(
                  Effect.logWarning("the catalog does not answer", String(error)),
                  new Unavailable({ detail: "The catalog does not answer; try again" }),
                ),
            ),
          ),
        )
      })

      return Catalog.of({
        latest: (agent_id) => ask(agent_id, undefined),
        version: (agent_id, version) => {
          const found = known.get(`${agent_id}@${version}`)
          return found === undefined ? ask(agent_id, version) : Effect.succeed(found)
        },
      })
    }),
  )
}

const isVersion = Schema.is(Version)
const isTypeName = (name: string) => /^[A-Za-z0-9._-]{1,128}$/.test(name) && !/^\.{1,2}$/.test(name)

/** Whether the scheduler runs, for those who queue something in it. */
export class Scheduler extends Context.Service<Scheduler, {
  /** Of this hire: paused when all, its customer or the hire itself is. Never fails: no answer in 300 ms is "unknown". */
  status(hire: {
    readonly hired_instance_id: HiredInstanceId
    readonly customer_id: CustomerId
  }): Effect.Effect<"running" | "paused" | "unknown">
}>()("hiring/Scheduler") {
  /** The scheduler over HTTP. */
  static readonly layer = Layer.effect(
    Scheduler,
    Effect.gen(function* () {
      const client = yield* Client.make(SchedulerApi, { name: "scheduler", deadline: "300 millis" })
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
