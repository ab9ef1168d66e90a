/** Definitions of agent types, cached: a published version never changes. */
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import type { AgentTypeId } from "@stint/domain/Ids"
import type { Unavailable } from "@stint/domain/Problem"
import { makeFinalCache } from "@stint/edge/FinalCache"
import { Cache, Context, Effect, Layer, Option } from "effect"
import { Catalog } from "./Clients.ts"

/** The definitions that drafts are made with. */
export class Definitions extends Context.Service<Definitions, {
  /** One version; none when it is not published. */
  get(type: AgentTypeId, version: string): Effect.Effect<Option.Option<AgentTypeDefinition>, Unavailable>
}>()("deliverables/Definitions") {
  static readonly layer = Layer.effect(
    Definitions,
    Effect.gen(function* () {
      const catalog = yield* Catalog
      // a version that is not published now may be published later
      const cache = yield* makeFinalCache(
        (key: { readonly type: AgentTypeId; readonly version: string }) => catalog.definition(key.type, key.version),
        Option.isSome,
      )
      return Definitions.of({ get: (type, version) => Cache.get(cache, { type, version }) })
    }),
  )
}
