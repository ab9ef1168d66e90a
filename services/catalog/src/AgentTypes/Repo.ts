/** The table `agent_type_definitions`, or a map in its place: the SQL decides nothing but a unique key. */
import { PgClient } from "@effect/sql-pg"
import type { NewActionLine } from "@stint/domain/ActionLine"
import { AgentType } from "@stint/domain/catalog/AgentTypes"
import { AgentTypeDefinition, definitionId } from "@stint/domain/Definition"
import { ActionLogRepo } from "@stint/edge/ActionLog/Repo"
import { Context, type DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { type Taken, takenOf } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import { agentTypeOf, AgentTypeRow, VersionKey } from "./Row.ts"

/** The published versions. */
export class AgentTypesRepo extends Context.Service<AgentTypesRepo, {
  /** Stores a version with its line of the action log; none when that version is there already, whatever its content. */
  insert(
    definition: AgentTypeDefinition,
    now: DateTime.Utc,
    line: NewActionLine,
  ): Effect.Effect<Option.Option<AgentType>>
  find(agent_type_id: string, version: string): Effect.Effect<Option.Option<AgentType>>
  /** The keys of all versions of a type, or of every type. */
  keys(agent_type_id?: string): Effect.Effect<ReadonlyArray<VersionKey>>
  /** Those of the ids (`{agent_type_id}@{version}`) that exist, in the order of the ids. */
  byIds(ids: ReadonlyArray<string>): Effect.Effect<Taken<AgentType, { readonly id: string }>>
}>()("catalog/AgentTypesRepo") {
  static readonly layer = Layer.effect(
    AgentTypesRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const log = yield* ActionLogRepo
      const insert = SqlSchema.findOneOption({
        Request: Schema.Struct({ definition: AgentTypeDefinition, now: Schema.DateTimeUtcFromDate }),
        Result: AgentTypeRow,
        // The unique key (agent_type_id, version) decides, not a read before
        execute: ({ definition: d, now }) =>
          sql`
            insert into agent_type_definitions (id, agent_type_id, version, payload, created_at, updated_at)
            values (${`${d.agent_type_id}@${d.version}`}, ${d.agent_type_id}, ${d.version}, ${
            sql.json(d)
          }, ${now}, ${now})
            on conflict do nothing returning id, payload, created_at, updated_at`,
      })
      const find = SqlSchema.findOneOption({
        Request: VersionKey,
        Result: AgentTypeRow,
        execute: (k) =>
          sql`
            select id, payload, created_at, updated_at from agent_type_definitions
            where agent_type_id = ${k.agent_type_id} and version = ${k.version}`,
      })
      const keys = SqlSchema.findAll({
        Request: Schema.NullOr(Schema.String),
        Result: VersionKey,
        execute: (type) =>
          sql`
            select agent_type_id, version from agent_type_definitions
            where ${type}::text is null or agent_type_id = ${type}`,
      })
      const byIds = findReadable(sql, {
        what: "agent types",
        Request: Schema.Array(Schema.String),
        Key: Schema.Struct({ id: Schema.String }),
        Result: AgentTypeRow,
        query: (ids) =>
          sql`
            select id, payload, created_at, updated_at from agent_type_definitions where id = any(${ids}::text[])
            order by array_position(${ids}::text[], id)`,
      })
      return AgentTypesRepo.of({
        insert: (definition, now, line) =>
          Effect.map(insert({ definition, now }), Option.map(agentTypeOf)).pipe(
            Effect.tap((published) => Option.isSome(published) ? log.write(line) : Effect.void),
            sql.withTransaction,
            Effect.orDie,
          ),
        find: (agent_type_id, version) =>
          Effect.orDie(Effect.map(find({ agent_type_id, version }), Option.map(agentTypeOf))),
        keys: (type) => Effect.orDie(keys(type ?? null)),
        byIds: (ids) =>
          Effect.orDie(Effect.map(byIds(ids), (taken) => ({
            ...taken,
            entries: taken.entries.map(({ key, row }) => ({ key, row: row && agentTypeOf(row) })),
          }))),
      })
    }),
  )

  static readonly layerMemory = Layer.effect(
    AgentTypesRepo,
    Effect.map(ActionLogRepo, (log) => {
      const published = new Map<string, AgentType>()
      return AgentTypesRepo.of({
        insert: (definition, now, line) =>
          Effect.suspend(() => {
            const id = definitionId(definition)
            if (published.has(id)) return Effect.succeedNone
            const made = AgentType.make({ id, ...definition, created_at: now, updated_at: now })
            published.set(id, made)
            return Effect.as(log.write(line), Option.some(made))
          }),
        find: (type, version) => Effect.sync(() => Option.fromUndefinedOr(published.get(`${type}@${version}`))),
        keys: (type) =>
          Effect.sync(() => [...published.values()].filter((one) => type === undefined || one.agent_type_id === type)),
        byIds: (ids) =>
          Effect.sync(() => takenOf("agent types", ids.flatMap((id) => published.get(id) ?? []), ({ id }) => ({ id }))),
      })
    }),
  )
}
