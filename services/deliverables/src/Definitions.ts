/** Definitions of agent types, cached: a published version never changes. */
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import type { AgentTypeId } from "@stint/domain/Ids"
import type { Unavailable } from "@stint/domain/Problem"
import { Cache, Context, Duration, Effect, Exit, Layer, Option } from "effect"
import { Catalog } from "./Clients.ts"

/** How many versions the cache holds. */
const CAPACITY = 1_000

/** The definitions that drafts are made with. */
export class Definitions extends Context.Service<Definitions, {
  /** One version; none when it is not published. */
  get(type: AgentTypeId, version: string): Effect.Effect<Option.Option<AgentTypeDefinition>, Unavailable>
}>()("deliverables/Definitions") {
  static readonly layer = Layer.effect(
    Definitions,
    Effect.gen(function* () {
      const catalog = yield* Catalog
      const cache = yield* Cache.makeWith(
        (id: string) => {
          const at = id.lastIndexOf("@")
          return catalog.definition(id.slice(0, at) as AgentTypeId, id.slice(at + 1))
        },
        {
          capacity: CAPACITY,
          // a failure, or a version that may be published later, is looked up again
          timeToLive: (exit) => Exit.isSuccess(exit) && Option.isSome(exit.value) ? Duration.infinity : Duration.zero,
        },
      )
      return Definitions.of({ get: (type, version) => Cache.get(cache, `${type}@${version}`) })
    }),
  )
}
