/** The table `agent_type_definitions`, or a map in its place: the SQL decides nothing but a unique key. */
import { PgClient } from "@effect/sql-pg"
import type { NewActionLine } from "@stint/domain/ActionLine"
import { AgentType } from "@stint/domain/catalog/AgentTypes"
import { AgentTypeDefinition, definitionId } from "@stint/domain/Definition"
import { InstantColumn } from "@stint/domain/Instants"
import { ActionLogRepo } from "@stint/edge/ActionLog/Repo"
import { gather } from "@stint/edge/Pg/Gather"
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { type Taken, takenOf } from "@stint/edge/Paging"
import { pipelined } from "@stint/edge/Pg/Pipeline"
import { findReadable } from "@stint/edge/Pg/Rows"
import { agentTypeOf, AgentTypeRow, VersionKey } from "./Row.ts"

/** How many published versions are kept as they were read, each of 256 KiB at most. */
const KEPT = 100

/** The versions that were read: a published one never changes. A row that can't be read is not among them. */
const makeKept = () => {
  const kept = new Map<string, AgentType>()
  const nameOf = ({ agent_type_id, created_at, version }: VersionKey) =>
    `${agent_type_id}@${version} ${DateTime.toEpochMillis(created_at)}`
  return {
    get: (key: VersionKey) => kept.get(nameOf(key)),
    add: (agentType: AgentType): AgentType => {
      if (kept.size >= KEPT) kept.delete(kept.keys().next().value!)
      kept.set(nameOf(agentType), agentType)
      return agentType
    },
  }
}

/** The keys of a type's versions. Requests that ask at the same time share a statement, and none is older than its question. */
const keysOfTypes = (sql: PgClient.PgClient) => {
  const find = SqlSchema.findAll({
    Request: Schema.Array(Schema.String),
    Result: VersionKey,
    execute: (types) =>
      sql`select agent_type_id, version, created_at from agent_type_definitions where agent_type_id = any(${types}::text[])`,
  })
  let asked = 0
  return gather({
    // of one type as often as it is asked about: it is one in the statement
    nameOf: () => String(asked++),
    atOnce: 1,
    ask: (types: ReadonlyArray<string>) =>
      Effect.map(pipelined(Effect.orDie(find([...new Set(types)]))), (keys) => {
        const byType = Map.groupBy(keys, (key) => key.agent_type_id)
        return types.map((type): ReadonlyArray<VersionKey> => byType.get(type) ?? [])
      }),
  })
}

/** The published versions. */
export class AgentTypesRepo extends Context.Service<AgentTypesRepo, {
  /** Stores a version with its line of the action log; none when that version is there already, whatever its content. */
  insert(
    definition: AgentTypeDefinition,
    now: DateTime.Utc,
    line: NewActionLine,
  ): Effect.Effect<Option.Option<AgentType>>
  find(key: VersionKey): Effect.Effect<Option.Option<AgentType>>
  /** The keys of all versions of a type or of every type; with `version`, of that one alone. */
  keys(agent_type_id?: string, version?: string): Effect.Effect<ReadonlyArray<VersionKey>>
  /** Those of the versions that exist, in the order of the keys. */
  byKeys(keys: ReadonlyArray<VersionKey>): Effect.Effect<Taken<AgentType, { readonly id: string }>>
}>()("catalog/AgentTypesRepo") {
  static readonly layer = Layer.effect(
    AgentTypesRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const log = yield* ActionLogRepo
      const insert = SqlSchema.findOneOption({
        Request: Schema.Struct({ definition: AgentTypeDefinition, now: InstantColumn }),
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
        Request: Schema.Struct({ agent_type_id: Schema.String, version: Schema.String }),
        Result: AgentTypeRow,
        execute: (k) =>
          sql`
            select id, payload, created_at, updated_at from agent_type_definitions
            where agent_type_id = ${k.agent_type_id} and version = ${k.version}`,
      })
      const kept = makeKept()
      const allKeys = SqlSchema.findAll({
        Request: Schema.Void,
        Result: VersionKey,
        execute: () => sql`select agent_type_id, version, created_at from agent_type_definitions`,
      })
      const keysOf = yield* keysOfTypes(sql)
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
        find: (key) =>
          Effect.suspend(() => {
            const known = kept.get(key)
            return known === undefined
              ? Effect.orDie(Effect.map(find(key), Option.map((row) => kept.add(agentTypeOf(row)))))
              : Effect.succeedSome(known)
          }),
        keys: (type, version) =>
          type === undefined ? pipelined(Effect.orDie(allKeys())) : Effect.map(
            keysOf(type),
            (keys) => version === undefined ? keys : keys.filter((key) => key.version === version),
          ),
        byKeys: (keys) =>
          Effect.suspend(() => {
            const known = keys.flatMap((key) => kept.get(key) ?? [])
            if (known.length === keys.length) return Effect.succeed(takenOf("agent types", known, ({ id }) => ({ id })))
            return Effect.orDie(Effect.map(byIds(keys.map(definitionId)), (taken) => ({
              ...taken,
              entries: taken.entries.map(({ key, row }) => ({ key, row: row && kept.add(agentTypeOf(row)) })),
            })))
          }),
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
        find: (key) => Effect.sync(() => Option.fromUndefinedOr(published.get(definitionId(key)))),
        keys: (type, version) =>
          Effect.sync(() =>
            [...published.values()].filter((one) =>
              (type === undefined || one.agent_type_id === type) && (version === undefined || one.version === version)
            )
          ),
        byKeys: (keys) =>
          Effect.sync(() =>
            takenOf("agent types", keys.flatMap((key) => published.get(definitionId(key)) ?? []), ({ id }) => ({ id }))
          ),
      })
    }),
  )
}
