/** The tables of phase 1 by the requirement's names (a key that would cross a service excepted: hiring's own are in its tests). */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { testDatabase } from "./support/Database.ts"

/** What the requirement says of a table: its columns in order (`?` may be null), its indexes and its foreign keys. */
interface Table {
  readonly columns: ReadonlyArray<string>
  readonly indexes: ReadonlyArray<string>
  readonly keys: ReadonlyArray<string>
}

const tables: Readonly<Record<"catalog" | "deliverables", Readonly<Record<string, Table>>>> = {
  catalog: {
    agent_type_definitions: {
      columns: [
        "id varchar",
        "agent_type_id varchar",
        "version varchar",
        "payload jsonb",
        "created_at timestamptz",
        "updated_at timestamptz",
      ],
      indexes: [
        "ix_agent_type_definitions_agent_type_id (agent_type_id)",
        "pk_agent_type_definitions (id)",
        "uq_agent_type_id_version (agent_type_id, version)",
      ],
      keys: [],
    },
  },
  deliverables: {
    deliverables: {
      columns: [
        "deliverable_id varchar",
        "hired_instance_id varchar",
        "goal_instance_id varchar",
        "goal_template_id varchar",
        "title varchar",
        "payload jsonb",
        "review_status varchar = 'pending_review'::character varying",
        "review_notes text?",
        "approval_id varchar?",
        "execution_status varchar = 'not_executed'::character varying",
        "executed_at timestamptz?",
        "created_at timestamptz",
        "updated_at timestamptz",
      ],
      indexes: [
        "ix_deliverables_goal_instance (goal_instance_id)",
        "ix_deliverables_hired_instance_created (hired_instance_id, created_at)",
        "ix_deliverables_hired_instance_id (hired_instance_id)",
        "ix_deliverables_review_status (review_status)",
        "pk_deliverables (deliverable_id)",
      ],
      keys: ["fk_deliverables_approval_id SET NULL"],
    },
    approvals: {
      columns: [
        "approval_id varchar",
        "deliverable_id varchar",
        "customer_id varchar",
        "decision varchar",
        "notes text?",
        "created_at timestamptz",
      ],
      indexes: [
        "ix_approvals_customer (customer_id)",
        "ix_approvals_deliverable (deliverable_id)",
        "pk_approvals (approval_id)",
      ],
      keys: ["fk_approvals_deliverable CASCADE"],
    },
  },
}

/** The same of a table that is there; indexes and columns of ours come on top. */
const look = Effect.fnUntraced(function* (name: string) {
  const sql = yield* PgClient.PgClient
  const columns = yield* sql<{ text: string }>`
    select column_name || ' ' || udt_name || case is_nullable when 'YES' then '?' else '' end
      || coalesce(' = ' || column_default, '') as text
    from information_schema.columns where table_name = ${name} order by ordinal_position`
  const indexes = yield* sql<{ text: string }>`
    select indexname || ' ' || substring(indexdef from '\\(.*') as text from pg_indexes where tablename = ${name}`
  const keys = yield* sql<{ text: string }>`
    select conname || case confdeltype when 'c' then ' CASCADE' when 'n' then ' SET NULL' else '' end as text
    from pg_constraint where contype = 'f' and conrelid = ${name}::text::regclass`
  return [columns, indexes, keys].map((rows) => rows.map(({ text }) => text)) as [string[], string[], string[]]
})

describe("the tables of phase 1", () => {
  for (const service of ["catalog", "deliverables"] as const) {
    it.live(`${service}: have the requirement's columns, keys and index names`, () =>
      Effect.forEach(Object.entries(tables[service]), ([name, table]) =>
        Effect.gen(function* () {
          const [columns, indexes, keys] = yield* look(name)
          assert.deepStrictEqual(columns.slice(0, table.columns.length), [...table.columns], name)
          assert.includeMembers(indexes, [...table.indexes], name)
          assert.deepStrictEqual(keys, [...table.keys], name)
        })).pipe(Effect.provide(testDatabase(service))))
  }
})
