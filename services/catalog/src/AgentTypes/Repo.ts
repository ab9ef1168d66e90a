/** Where agent types are kept. The only SQL of the catalog; one method per atomic unit. */
import { PgClient } from "@effect/sql-pg"
import { AgentType } from "@stint/domain/catalog/AgentTypes"
import { AgentTypeDefinition, definitionId } from "@stint/domain/Definition"
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"

/** A version, without its content. */
export const VersionKey = Schema.Struct({ agent_type_id: Schema.String, version: Schema.String })
export type VersionKey = typeof VersionKey.Type

/** The published versions. */
export class AgentTypesRepo extends Context.Service<AgentTypesRepo, {
  /** Stores a version; none when that version is there already, whatever it holds. */
  insert(definition: AgentTypeDefinition, now: DateTime.Utc): Effect.Effect<Option.Option<AgentType>>
  find(agent_type_id: string, version: string): Effect.Effect<Option.Option<AgentType>>
  /** The keys of all versions of a type, or of every type. */
  keys(agent_type_id?: string): Effect.Effect<ReadonlyArray<VersionKey>>
  /** These versions, in no order. */
  findAll(ids: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<AgentType>>
}>()("catalog/AgentTypesRepo") {
  static readonly layerPg = Layer.effect(
    AgentTypesRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const Row = Schema.Struct({
        id: Schema.String,
        payload: AgentTypeDefinition,
        created_at: Schema.DateTimeUtcFromDate,
        updated_at: Schema.DateTimeUtcFromDate,
      })
      const toAgentType = ({ created_at, id, payload, updated_at }: typeof Row.Type) =>
        AgentType.make({ id, ...payload, created_at, updated_at })
      const insert = SqlSchema.findOneOption({
        Request: Schema.Struct({ definition: AgentTypeDefinition, now: Schema.DateTimeUtcFromDate }),
        Result: Row,
        // the unique key (agent_type_id, version) decides, not a read before
        execute: ({ definition: d, now }) =>
          sql`insert into agent_type_definitions (id, agent_type_id, version, payload, created_at, updated_at)
              values (${`${d.agent_type_id}@${d.version}`}, ${d.agent_type_id}, ${d.version}, ${
            sql.json(d)
          }, ${now}, ${now})
              on conflict do nothing returning id, payload, created_at, updated_at`,
      })
      const find = SqlSchema.findOneOption({
        Request: VersionKey,
        Result: Row,
        execute: (k) =>
          sql`select id, payload, created_at, updated_at from agent_type_definitions
              where agent_type_id = ${k.agent_type_id} and version = ${k.version}`,
      })
      const keys = SqlSchema.findAll({
        Request: Schema.NullOr(Schema.String),
        Result: VersionKey,
        execute: (type) =>
          sql`select agent_type_id, version from agent_type_definitions
              where ${type}::text is null or agent_type_id = ${type}`,
      })
      const findAll = SqlSchema.findAll({
        Request: Schema.Array(Schema.String),
        Result: Row,
        execute: (ids) =>
          sql`select id, payload, created_at, updated_at from agent_type_definitions where id = any(${ids}::text[])`,
      })
      return AgentTypesRepo.of({
        insert: (definition, now) => Effect.orDie(Effect.map(insert({ definition, now }), Option.map(toAgentType))),
        find: (agent_type_id, version) =>
          Effect.orDie(Effect.map(find({ agent_type_id, version }), Option.map(toAgentType))),
        keys: (type) => Effect.orDie(keys(type ?? null)),
        findAll: (ids) => Effect.orDie(Effect.map(findAll(ids), (rows) => rows.map(toAgentType))),
      })
    }),
  )

  static readonly layerMemory = Layer.sync(AgentTypesRepo, () => {
    const rows = new Map<string, AgentType>()
    return AgentTypesRepo.of({
      insert: (definition, now) =>
        Effect.sync(() => {
          const id = definitionId(definition)
          if (rows.has(id)) return Option.none()
          const row = AgentType.make({ id, ...definition, created_at: now, updated_at: now })
          rows.set(id, row)
          return Option.some(row)
        }),
      find: (type, version) => Effect.sync(() => Option.fromUndefinedOr(rows.get(`${type}@${version}`))),
      keys: (type) =>
        Effect.sync(() => [...rows.values()].filter((row) => type === undefined || row.agent_type_id === type)),
      findAll: (ids) => Effect.sync(() => ids.flatMap((id) => rows.get(id) ?? [])),
    })
  })
}
