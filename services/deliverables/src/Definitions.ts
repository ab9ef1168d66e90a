/** Definitions of agent types, asked for once: a published version never changes. */
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import type { AgentTypeId } from "@stint/domain/Ids"
import type { Unavailable } from "@stint/domain/Problem"
import { Cache, Context, Effect, Exit, Layer, Option } from "effect"
import { Catalog } from "./Clients.ts"

/** How many versions are remembered. */
const REMEMBERED = 1_000

/** The definitions that drafts are made by. */
export class Definitions extends Context.Service<Definitions, {
  /** One version; none when it is not published. */
  get(type: AgentTypeId, version: string): Effect.Effect<Option.Option<AgentTypeDefinition>, Unavailable>
}>()("deliverables/Definitions") {
  static readonly layerNoDeps = Layer.effect(
    Definitions,
    Effect.gen(function* () {
      const catalog = yield* Catalog
      const cache = yield* Cache.makeWith(
        (id: string) => {
          const at = id.lastIndexOf("@")
          return catalog.definition(id.slice(0, at) as AgentTypeId, id.slice(at + 1))
        },
        {
          capacity: REMEMBERED,
          // only what was found is for ever: a failure or a version to come is asked for again
          timeToLive: (exit) => Exit.isSuccess(exit) && Option.isSome(exit.value) ? "1000 days" : 0,
        },
      )
      return Definitions.of({ get: (type, version) => Cache.get(cache, `${type}@${version}`) })
    }),
  )
}
