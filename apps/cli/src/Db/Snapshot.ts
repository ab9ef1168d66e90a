/** What stands in a schema, as rows that a query gives and another database can be held against; and the scripts made of it. */
import type { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import type { SqlError } from "effect/sql"

/** A thing of a schema: `column`, `hired_agents.config`, `jsonb not null`. */
export interface Thing {
  readonly kind: string
  readonly name: string
  readonly definition: string
  /** How Postgres spells the same after a dump and its restore, where that differs. */
  readonly restored?: string
}

/**
 * Everything in schema public but what extensions put there. Rights count only where `stint.runtime_role` names the role
 * they are to be held against. Words of the catalog alone, so that it runs in any SQL editor, as anyone who may connect.
 */
const query = `
select case relkind when 'v' then 'view' when 'm' then 'view' else 'table' end as kind, relname::text as name,
    case relpersistence when 'p' then 'kept' else 'not kept in a crash' end as definition
  from ours where relkind in ('r', 'p', 'v', 'm', 'f')
union all
select 'column', o.relname || '.' || a.attname,
    format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
      || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
      || case when a.attidentity <> '' then ' identity' else '' end
  from ours o join pg_attribute a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = o.oid and d.adnum = a.attnum
  where o.relkind in ('r', 'p', 'v', 'm', 'f')
union all
select 'index', o.relname, pg_get_indexdef(o.oid) || case when i.indisvalid then '' else ' (not valid)' end
  from ours o join pg_index i on i.indexrelid = o.oid
union all
select 'constraint', o.relname || '.' || c.conname,
    pg_get_constraintdef(c.oid) || case when c.convalidated then '' else ' (not validated)' end
  from ours o join pg_constraint c on c.conrelid = o.oid where c.contype in ('c', 'f', 'p', 'u', 'x')
union all
select 'sequence', o.relname, format_type(s.seqtypid, null) || ' from ' || s.seqstart || ' by ' || s.seqincrement
      || case when s.seqcycle then ' around' else '' end
  from ours o join pg_sequence s on s.seqrelid = o.oid
union all
select 'trigger', o.relname || '.' || t.tgname,
    pg_get_triggerdef(t.oid) || case t.tgenabled when 'O' then '' else ' (not enabled)' end
  from ours o join pg_trigger t on t.tgrelid = o.oid where not t.tgisinternal
union all
select 'function', f.signature,
    'returns ' || format_type(f.prorettype, null) || ', ' || f.lanname || ', body ' || md5(f.prosrc)
  from functions f
union all
select 'comment', o.relname || coalesce('.' || a.attname, ''), d.description
  from ours o join pg_description d on d.classoid = 'pg_class'::regclass and d.objoid = o.oid
  left join pg_attribute a on a.attrelid = o.oid and a.attnum = d.objsubid and d.objsubid > 0
  where not (o.relname in ('schema_ledger', 'schema_scripts') and d.objsubid = 0)
union all
select 'comment', f.signature, d.description
  from functions f join pg_description d on d.classoid = 'pg_proc'::regclass and d.objoid = f.oid
union all
select 'grant', g.what, string_agg(lower(g.privilege), ', ' order by g.privilege)
  from (
    select 'schema public' as what, privilege_type as privilege, grantee
      from pg_namespace, aclexplode(nspacl) where nspname = 'public'
    union all
    select case o.relkind when 'S' then 'sequence ' else 'table ' end || o.relname, privilege_type, grantee
      from ours o, aclexplode(o.relacl)
    union all
    select 'column ' || o.relname || '.' || a.attname, privilege_type, grantee
      from ours o join pg_attribute a on a.attrelid = o.oid and not a.attisdropped, aclexplode(a.attacl)
  ) g
  where g.grantee = (select oid from runtime) group by g.what
union all
select 'grant', 'to everyone: ' || g.what, string_agg(lower(g.privilege), ', ' order by g.privilege)
  from (
    select 'schema public' as what, privilege_type as privilege
      from pg_namespace, aclexplode(nspacl) where nspname = 'public' and grantee = 0
    union all
    select o.relname::text, privilege_type from ours o, aclexplode(o.relacl) where grantee = 0
  ) g
  where exists (select from runtime) group by g.what`.trim()

const sources = `
runtime as (
  select oid from pg_roles where rolname = current_setting('stint.runtime_role', true)
),
ours as (
  select c.* from pg_class c where c.relnamespace = to_regnamespace('public')
    and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
),
functions as (
  select p.oid, p.prorettype, p.prosrc, l.lanname,
      p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as signature
  from pg_proc p join pg_language l on l.oid = p.prolang where p.pronamespace = to_regnamespace('public')
    and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
)`.trim()

const keyOf = ({ kind, name }: Thing): string => `${kind} ${name}`

/** Takes the snapshot of a database, its runtime role's rights included. */
export const snapshot = (sql: PgClient.PgClient, runtimeRole: string): Effect.Effect<
  ReadonlyArray<Thing>,
  SqlError.SqlError
> =>
  Effect.gen(function* () {
    yield* sql`select set_config('stint.runtime_role', ${runtimeRole}, false)`
    const things = yield* sql.unsafe<Thing>(`with ${sources}\n${query}`)
    // Not in the database, whose order of words depends on its collation
    return things.toSorted((a, b) => keyOf(a) < keyOf(b) ? -1 : 1)
  })

/** What a dump holds of the things whose words change when they are read again: statements that make each of them anew. */
const respell = `
select format('alter table %I drop constraint %I, add constraint %I %s', o.relname, c.conname, c.conname,
    pg_get_constraintdef(c.oid)) as statement
  from ours o join pg_constraint c on c.conrelid = o.oid where c.contype = 'c'
union all
select format('drop index %I; %s', o.relname, pg_get_indexdef(o.oid))
  from ours o join pg_index i on i.indexrelid = o.oid where i.indpred is not null or i.indexprs is not null
union all
select format('alter table %I alter %I set default %s', o.relname, a.attname, pg_get_expr(d.adbin, d.adrelid))
  from ours o join pg_attrdef d on d.adrelid = o.oid
  join pg_attribute a on a.attrelid = o.oid and a.attnum = d.adnum and a.attgenerated = ''
union all
select format('drop trigger %I on %I; %s', t.tgname, o.relname, pg_get_triggerdef(t.oid))
  from ours o join pg_trigger t on t.tgrelid = o.oid where not t.tgisinternal and t.tgqual is not null`.trim()

/** Makes what a dump spells anew, from what it says: the database is as after a restore. */
const restore = (sql: PgClient.PgClient): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function* () {
    const statements = yield* sql.unsafe<{ statement: string }>(`with ${sources}\n${respell}`)
    const script = statements.map(({ statement }) => `${statement};`).join("\n")
    yield* sql.unsafe(`do $respell$ begin execute $script$${script}$script$; end $respell$`).unprepared
  })

/** The snapshot of a database that may be changed, with what a dump and a restore make of each thing's words. */
export const snapshotWithRestored = (sql: PgClient.PgClient, runtimeRole: string): Effect.Effect<
  ReadonlyArray<Thing>,
  SqlError.SqlError
> =>
  Effect.gen(function* () {
    const made = yield* snapshot(sql, runtimeRole)
    yield* restore(sql)
    const restored = new Map((yield* snapshot(sql, runtimeRole)).map((thing) => [keyOf(thing), thing.definition]))
    return made.map((thing) => {
      const again = restored.get(keyOf(thing))
      return again === undefined || again === thing.definition ? thing : { ...thing, restored: again }
    })
  })

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A row of a list: kind, name, and how it is spelled. */
const rowOf = ({ kind, name }: Thing, spelled: string): string => `    (${[kind, name, spelled].map(quote).join(", ")})`

/** What a dump and its restore spell in another way; one row that is nothing of a schema, so that the list is never empty. */
const restoredRows = (things: ReadonlyArray<Thing>): ReadonlyArray<string> => [
  ...things.flatMap((thing) => thing.restored === undefined ? [] : [rowOf(thing, thing.restored)]),
  "    ('', '', '')",
]

/** `verify.sql`: one statement, one row a check, `ok` or what differs. */
export const verifyScript = (service: string, things: ReadonlyArray<Thing>): string =>
  `-- Verification of the database of ${service}: one row a check, 'ok' or what differs; what should not be there has a row too.
-- It changes nothing, and is one statement. Rights are checked when the service's role was named before, in the same
-- session: set stint.runtime_role = 'the role';
-- What a dump and its restore spell in another way (restored) is ok too.
-- Written by scripts/schema.ts from what the other scripts make: change those, and run it again.

with expected (kind, name, definition) as (
  values
${things.map((thing) => rowOf(thing, thing.definition)).join(",\n")}
),
restored (kind, name, spelled) as (
  values
${restoredRows(things).join(",\n")}
),
${sources},
actual as (
${query}
)
select kind || ' ' || name as check,
    case
      when a.definition in (e.definition, r.spelled) then 'ok'
      when kind = 'grant' and not exists (select from runtime) then 'ok (not checked: stint.runtime_role names no role)'
      when a.definition is null then 'missing: expected ' || e.definition
      when e.definition is null then 'extra, no script makes it: ' || a.definition
      else 'is ' || a.definition || '; expected ' || e.definition
    end as result
  from expected e full join actual a using (kind, name) left join restored r using (kind, name)
  order by kind, name;
`

const dropsOf = (things: ReadonlyArray<Thing>): ReadonlyArray<string> => {
  const drops = (kind: string, phrase: (name: string) => string) =>
    things.filter((thing) => thing.kind === kind).map(({ name }) => `drop ${phrase(name)};`)
  return [
    ...drops("table", (name) => `table if exists ${name} cascade`),
    ...drops("sequence", (name) => `sequence if exists ${name}`),
    ...drops("function", (name) => `function if exists ${name}`),
  ]
}

/** `rollback.sql`: takes away all that the scripts made, from whichever state, and the rows with it. */
export const rollbackScript = (service: string, things: ReadonlyArray<Thing>): string =>
  `-- Rollback of the database of ${service}: everything that the scripts made goes, and ALL ROWS with it, from whichever state.
-- May be run again. Written by scripts/schema.ts from what the other scripts make: change those, and run it again.

${dropsOf(things).join("\n")}

-- Expected: no row
select relname as left_behind from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'S', 'v');
`
