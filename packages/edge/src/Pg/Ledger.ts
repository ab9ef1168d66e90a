/**
 * The ledger of a database: the scripts that were applied to it. It is two tables. `schema_scripts` has the scripts since
 * 0.2.0, each with the lowest version of a program that may run on it (`needs`, null for a script that only expands).
 * `schema_ledger` has those up to 0.2.0, whose programs refuse each row there that they do not know: a script that they
 * can't run on writes a row in both.
 */
import { Effect, Schema } from "effect"
import { type SqlClient, type SqlError, SqlSchema } from "effect/sql"
import { sqlState } from "./SqlErrors.ts"
import { isAtLeast, version } from "../Version.ts"

/** The schema that holds everything: grants, verification and rollback name it. */
const SCHEMA = "public"

/** A script that was applied. Programs that do not know it may run when it only expands, or needs no later version. */
export interface Applied {
  readonly name: string
  readonly expands: boolean
  readonly needs: string | null
}

/** The content of the ledger, and how the client sees the database. */
export interface Ledger {
  readonly scripts: ReadonlyArray<Applied>
  /** The comment of `schema_scripts`, with a digest of the rights that were granted last. */
  readonly note: string
  readonly user: string
  /** Whether the role that was asked about may read `schema_scripts`: who may not has no rights, or those of 0.2.0. */
  readonly readable: boolean
  /** Whether there is a `schema_scripts` that it may not read; `scripts` is empty then when the client asked about itself. */
  readonly barred: boolean
  /** Why this session can't work on the tables of the services; undefined when it can. */
  readonly elsewhere: string | undefined
}

/** The tables of the ledger, as each script makes them too. */
export const createLedger = [
  `create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
)`,
  `create table if not exists schema_scripts (
  name text primary key,
  needs text check (needs ~ '^[0-9]+[.][0-9]+[.][0-9]+$'),
  applied_at timestamptz not null default now()
)`,
]

const State = Schema.Struct({
  user: Schema.String,
  schema: Schema.NullOr(Schema.String),
  path: Schema.String,
  ledger: Schema.Boolean,
  scripts: Schema.Boolean,
  note: Schema.NullOr(Schema.String),
  readable: Schema.Boolean,
})
const Row = Schema.Struct({ name: Schema.String, expands: Schema.Boolean, needs: Schema.NullOr(Schema.String) })

const isMissing = (error: SqlError.SqlError | Schema.SchemaError) =>
  error._tag === "SqlError" && sqlState(error) === "42P01"

const elsewhere = (schema: string | null, path: string): string | undefined =>
  schema === SCHEMA
    ? undefined
    : `its tables stand in schema ${SCHEMA}, and its sessions look at ${
      schema === null ? "no schema" : `schema ${schema}`
    } first: take the search_path (${path}) out of the url's options, or reset that of the role or the database`

/**
 * Reads the ledger, empty where there is none; `readable` is about `role`, or about the client's own. It looks for the tables
 * first, since Postgres logs a missing one as an error.
 */
export const readLedger = (
  sql: SqlClient.SqlClient,
  role?: string,
): Effect.Effect<Ledger, SqlError.SqlError> => {
  const state = SqlSchema.findOne({
    Request: Schema.NullOr(Schema.String),
    Result: State,
    execute: (role) =>
      sql`select current_user::text as "user", current_schema()::text as schema, current_setting('search_path') as path,
            to_regclass('public.schema_ledger') is not null as ledger,
            to_regclass('public.schema_scripts') is not null as scripts,
            obj_description(to_regclass('public.schema_scripts'), 'pg_class') as note,
            coalesce((select has_table_privilege(oid, to_regclass('public.schema_scripts'), 'select')
              from pg_roles where rolname = coalesce(${role}, current_user)), false) as readable`,
  })
  const rows = SqlSchema.findAll({
    Request: Schema.Struct({ ledger: Schema.Boolean, scripts: Schema.Boolean }),
    Result: Row,
    execute: ({ ledger, scripts }) =>
      sql.unsafe(
        [
          ...scripts ? ["select name, true as expands, needs from public.schema_scripts"] : [],
          ...ledger ? ["select name, false as expands, null as needs from public.schema_ledger"] : [],
        ].join(" union all "),
      ),
  })
  return Effect.gen(function* () {
    const { ledger, note, path, readable, schema, scripts: newer, user } = yield* state(role ?? null)
    const barred = newer && !readable
    // another migrator may drop it in between
    const found = (ledger || newer) && !(barred && role === undefined)
      ? yield* Effect.catchIf(rows({ ledger, scripts: newer }), isMissing, () => Effect.succeed([]))
      : []
    // a script that is in both counts as schema_scripts has it, which comes first
    const scripts = found.filter(({ name }, i) => found.findIndex((other) => other.name === name) === i)
    return {
      scripts,
      note: note ?? "",
      user,
      readable,
      barred,
      elsewhere: elsewhere(schema, path),
    }
  }).pipe(Effect.catchTag(["SchemaError", "NoSuchElementError"], Effect.die))
}

/** The applied scripts that a program does not know. */
export const unknownOf = ({ scripts }: Ledger, known: ReadonlyArray<string>): ReadonlyArray<Applied> =>
  scripts.filter(({ name }) => !known.includes(name))

/** Why a program that does not know these scripts may not run on them, as the end of a sentence; undefined when it may. */
export const refusalOf = (unknown: ReadonlyArray<Applied>, own: string = version): string | undefined => {
  const refusing = unknown.filter(({ expands, needs }) => !expands || !(needs === null || isAtLeast(own, needs)))
  if (refusing.length === 0) return undefined
  const names = refusing.map(({ name, needs }) => needs === null ? name : `${name} (for ${needs} or later)`)
  return `is newer than this program (${own}), which does not know ${names.join(", ")}`
}
