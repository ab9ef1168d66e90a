/** The rules of agent types: a version is published once and never changes; the latest is by semantic version. */
import type { NewActionLine } from "@stint/domain/ActionLine"
import { CurrentCaller } from "@stint/domain/Caller"
import { AgentType, AgentTypeImmutable, AgentTypeNotFound } from "@stint/domain/catalog/AgentTypes"
import { AgentTypeDefinition, compareVersions, definitionId } from "@stint/domain/Definition"
import { parseModels } from "@stint/domain/Models"
import type { InvalidRequest } from "@stint/domain/Problem"
import { shippedWith } from "@stint/domain/Shipped"
import { SYSTEM } from "@stint/domain/Tokens"
import { Health } from "@stint/edge/Health"
import { Ids } from "@stint/edge/Ids"
import { CursorText, decodeCursor, DEFAULT_LIMIT, type Page, pageOf, type PageQuery } from "@stint/edge/Paging"
import { reconnect } from "@stint/edge/Schedules"
import { settingFile } from "@stint/edge/SettingFile"
import { Context, DateTime, Effect, Layer, Option, Ref, Schema } from "effect"
import { differences, isOfType, latest } from "./AgentTypes/Policy.ts"
import { AgentTypesRepo } from "./AgentTypes/Repo.ts"
import type { VersionKey } from "./AgentTypes/Row.ts"

type Published = { readonly made: boolean; readonly agentType: AgentType }

/** What can be done with agent types. */
export class AgentTypes extends Context.Service<AgentTypes, {
  /** The latest version of each type, by type id. */
  list(page: PageQuery): Effect.Effect<Page<AgentType>, InvalidRequest>
  /** One version, or the latest. */
  get(type: string, version: string | undefined): Effect.Effect<AgentType, AgentTypeNotFound>
  /** Every version of a type, the latest first. */
  versions(type: string, page: PageQuery): Effect.Effect<Page<AgentType>, AgentTypeNotFound | InvalidRequest>
  /**
   * Publishes a version; `made` says whether it is new. The same content again changes nothing. Other content under a
   * published version fails with AgentTypeImmutable, which names each difference.
   */
  publish(definition: AgentTypeDefinition): Effect.Effect<Published, AgentTypeImmutable>
  /** As `publish`; fails with InvalidRequest when `type` is not the definition's. */
  put(
    type: string,
    definition: AgentTypeDefinition,
  ): Effect.Effect<Published, AgentTypeImmutable | InvalidRequest>
}>()("catalog/AgentTypes") {
  static readonly layer = Layer.effect(
    AgentTypes,
    Effect.gen(function* () {
      const repo = yield* AgentTypesRepo
      const cursorOf = decodeCursor(CursorText)
      const encode = Schema.encodeSync(AgentTypeDefinition)
      const ids = yield* Ids
      const lineOf = Effect.fnUntraced(function* ({ agent_type_id, version }: AgentTypeDefinition) {
        // Without a caller it is the system, which publishes the shipped types
        const caller = yield* Effect.serviceOption(CurrentCaller)
        const line: NewActionLine = {
          log_id: yield* ids.next("LOG"),
          action: "publish",
          operator: Option.match(caller, { onNone: () => SYSTEM, onSome: ({ subject }) => subject }),
          action_metadata: { agent_type_id, version },
        }
        return line
      })

      const pageOfKeys = Effect.fnUntraced(function* (keys: ReadonlyArray<VersionKey>, page: PageQuery) {
        const limit = page.limit ?? DEFAULT_LIMIT
        const after = yield* cursorOf(page.cursor)
        const start = after === undefined ? 0 : keys.findIndex((key) => definitionId(key) === after) + 1
        const taken = yield* repo.byKeys(keys.slice(start, start + limit))
        const more = taken.more || keys.length > start + limit
        return yield* pageOf({ ...taken, more }, limit, ({ id }) => id)
      })

      const list = Effect.fn("AgentTypes.list")(function* (page: PageQuery) {
        const byType = Map.groupBy(yield* repo.keys(), (key) => key.agent_type_id)
        const keys = [...byType.keys()].sort().map((type) => latest(byType.get(type)!)!)
        return yield* pageOfKeys(keys, page)
      })

      const get = Effect.fnUntraced(function* (type: string, version: string | undefined) {
        const wanted = latest(yield* repo.keys(type, version))
        const found = wanted === undefined ? Option.none<AgentType>() : yield* repo.find(wanted)
        if (Option.isNone(found)) {
          return yield* new AgentTypeNotFound({ detail: version === undefined ? type : `${type}@${version}` })
        }
        return found.value
      })

      const versions = Effect.fn("AgentTypes.versions")(function* (type: string, page: PageQuery) {
        const keys = yield* repo.keys(type)
        if (keys.length === 0) return yield* new AgentTypeNotFound({ detail: type })
        return yield* pageOfKeys([...keys].sort((a, b) => compareVersions(b.version, a.version)), page)
      })

      const publish = Effect.fn("AgentTypes.publish")(function* (definition: AgentTypeDefinition) {
        const inserted = yield* repo.insert(definition, yield* DateTime.now, yield* lineOf(definition))
        if (Option.isSome(inserted)) return { made: true, agentType: inserted.value }
        const stored = yield* get(definition.agent_type_id, definition.version).pipe(Effect.orDie)
        const { created_at: _, id, updated_at: __, ...content } = stored
        const errors = differences(encode(content), encode(definition))
        if (errors.length > 0) {
          return yield* new AgentTypeImmutable({ detail: `${id} is published: publish a new version instead`, errors })
        }
        return { made: false, agentType: stored }
      })

      const put = Effect.fn("AgentTypes.put")(function* (type: string, definition: AgentTypeDefinition) {
        yield* Effect.fromResult(isOfType(definition, type))
        return yield* publish(definition)
      })

      return AgentTypes.of({ list, get, versions, publish, put })
    }),
  )

  /**
   * Publishes the shipped types at the start, once the database is there; a published version stays as it is. Those that models
   * write are published where STINT_MODELS has their models.
   */
  static readonly worker = Layer.effectDiscard(Effect.gen(function* () {
    const agentTypes = yield* AgentTypes
    const shipped = shippedWith(Option.getOrElse(yield* settingFile("STINT_MODELS", parseModels), () => new Map()))
    const health = yield* Health
    const done = yield* Ref.make(false)
    yield* health.require({
      name: "shipped types",
      check: Effect.flatMap(Ref.get(done), (is) => is ? Effect.void : Effect.fail("not published yet")),
    })
    yield* Effect.forEach(shipped, (definition) => agentTypes.publish(definition), { discard: true }).pipe(
      Effect.catchTag(
        "AgentTypeImmutable",
        (error) => Effect.logError(`a shipped type is published with other content: ${error.detail}`),
      ),
      Effect.andThen(Ref.set(done, true)),
      Effect.sandbox,
      Effect.retry(reconnect),
      Effect.forkScoped,
    )
  }))
}
