import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Redacted } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { emptyDatabase } from "../../../tests/support/Database.ts"
import { MIGRATOR_LOCK } from "../src/Locks.ts"
import {
  down,
  downPlan,
  migrate,
  type MigrationError,
  type MigrationTarget,
  type ScriptFile,
  status,
  upPlan,
} from "../src/Migrator.ts"
import { version } from "../src/Version.ts"

const ledger = (name: string) => `
create table if not exists schema_scripts (name text primary key, needs text, applied_at timestamptz not null default now());
insert into schema_scripts (name) values ('${name}') on conflict (name) do nothing;`

const unledger = (name: string) => `delete from schema_scripts where name = '${name}';`

const pair = (name: string, up: string, undo: string): ReadonlyArray<ScriptFile> => [
  { name: `${name}.up.sql`, sql: up + ledger(name) },
  { name: `${name}.down.sql`, sql: undo + unledger(name) },
]

const notes = pair("010_notes", "create table notes (id int primary key);", "drop table notes;")

/** What is awkward about running a script whole: bodies in dollars, quotes, comments, statements that need the ones before. */
const awkward = pair(
  "020_guard",
  `-- a comment with a quote ' and a $script$ tag; and a semicolon
  /* and another; one */
  create function refuse() returns trigger language plpgsql as $$
  begin
    raise exception 'it''s $script_body$ refused';
  end $$;
  create trigger guard before delete on notes for each row execute function refuse();
  insert into notes values (1), (2);`,
  "drop trigger guard on notes; drop function refuse(); delete from notes;",
)

const grants: ScriptFile = {
  name: "grants.sql",
  sql: `do $$ declare r text := current_setting('stint.runtime_role'); begin
    execute format('grant usage on schema public to %I', r);
    execute format('grant select on all tables in schema public to %I', r);
  end $$;`,
}

/** As 0.2.0 grants: it begins with taking everything away, and does not know what is new. */
const narrow: ScriptFile = {
  name: "grants.sql",
  sql: `do $$ begin
    execute format('revoke all on all tables in schema public from %I', current_setting('stint.runtime_role'));
  end $$;`,
}

const client = (url: Redacted.Redacted) => PgClient.makeClient({ url }).pipe(Effect.provide(Reactivity.layer))

const database = (files: ReadonlyArray<ScriptFile>) =>
  Effect.map(emptyDatabase("catalog"), ({ databaseUrl, migrateUrl, runtimeRole }) => ({
    target: { service: "catalog", url: migrateUrl, runtimeRole, files },
    databaseUrl,
  }))

describe("Migrator", () => {
  it.live("goes up, down and up again, and grants the runtime role its rights", () =>
    Effect.gen(function* () {
      const { databaseUrl, target } = yield* database([...notes, ...awkward, grants])
      const names = ["010_notes", "020_guard"]
      assert.deepStrictEqual(yield* status(target), {
        applied: [],
        pending: names,
        unknown: [],
        refusal: undefined,
      })
      assert.deepStrictEqual((yield* migrate(target)).applied, names)
      assert.deepStrictEqual((yield* migrate(target)).applied, [])
      const runtime = yield* client(databaseUrl)
      assert.deepStrictEqual(yield* runtime`select count(*)::int as n from notes`, [{ n: 2 }])
      const refused = yield* Effect.flip(runtime`create table mine (id int)`)
      assert.strictEqual(refused.reason._tag, "AuthorizationError")
      assert.deepStrictEqual((yield* down({ ...target, to: "010_notes" })).undone, ["020_guard"])
      assert.deepStrictEqual((yield* status(target)).pending, ["020_guard"])
      assert.deepStrictEqual((yield* down(target)).undone, ["010_notes"])
      assert.deepStrictEqual((yield* migrate(target)).applied, names)
    }))

  it.live("grants anew when the rights or the role change, though no script is pending", () =>
    Effect.gen(function* () {
      const { databaseUrl, target } = yield* database(notes)
      yield* migrate(target)
      const runtime = yield* client(databaseUrl)
      assert.strictEqual((yield* Effect.flip(runtime`select * from notes`)).reason._tag, "AuthorizationError")
      assert.deepStrictEqual((yield* migrate({ ...target, files: [...notes, grants] })).applied, [])
      assert.deepStrictEqual(yield* runtime`select * from notes`, [])
    }))

  it.live("two at once: one applies, the other waits and finds nothing to do", () =>
    Effect.gen(function* () {
      const slow = pair("030_slow", "select pg_sleep(0.3);", "")
      const { target } = yield* database([...notes, ...slow])
      const all = yield* Effect.all(Array.from({ length: 4 }, () => migrate(target)), { concurrency: "unbounded" })
      assert.deepStrictEqual(all.map(({ applied }) => applied.length).toSorted(), [0, 0, 0, 2])
    }))

  it.live("waits for the lock of another no longer than it was told", () =>
    Effect.gen(function* () {
      const { target } = yield* database(notes)
      const other = yield* client(target.url)
      const error = yield* other.withTransaction(
        Effect.andThen(
          other`select pg_advisory_xact_lock(${MIGRATOR_LOCK})`,
          Effect.flip(migrate({ ...target, lockTimeout: 100 })),
        ),
      )
      assert.strictEqual(error.reason, "locked")
      assert.deepStrictEqual((yield* status(target)).applied, [])
      assert.deepStrictEqual((yield* migrate(target)).applied, ["010_notes"])
    }))

  it.live("D17: gives way to a service that waits for what its scripts hold, and is done when that has ended", () =>
    Effect.gen(function* () {
      const others = pair("020_others", "create table others (id int);", "drop table others;")
      const { target } = yield* database([...notes, ...others])
      yield* migrate(target)
      const both = pair("030_both", "alter table others add c int; alter table notes add c int;", "")
      const [service, admin] = [yield* client(target.url), yield* client(target.url)]
      const holds = yield* Deferred.make<void>()
      const isWaitedFor = Effect.map(
        admin`select from pg_locks where not granted and relation = 'notes'::regclass`,
        (rows) => rows.length > 0,
      )
      // it holds notes, and then wants what the script has: a deadlock, if the script waited on
      const request = service.withTransaction(Effect.gen(function* () {
        yield* service`select * from notes`
        yield* Deferred.succeed(holds, undefined)
        yield* Effect.repeat(isWaitedFor, { until: (is) => is })
        return yield* service`select count(*)::int as n from others`
      }))
      const migration = Effect.andThen(
        Deferred.await(holds),
        migrate({ ...target, files: [...notes, ...others, ...both] }),
      )
      const [rows, { applied }] = yield* Effect.all([request, migration], { concurrency: "unbounded" })
      assert.deepStrictEqual([rows, applied], [[{ n: 0 }], ["030_both"]])
    }))

  it.live("a failing script leaves nothing of any script", () =>
    Effect.gen(function* () {
      const broken = pair("030_broken", "create table half (id int); select 1 / 0;", "")
      const { target } = yield* database([...notes, ...broken])
      const error = yield* Effect.flip(migrate(target))
      assert.strictEqual(error.reason, "script")
      assert.strictEqual(error.script, "030_broken")
      assert.include(error.message, "division by zero")
      const sql = yield* client(target.url)
      const tables = yield* sql`select relname from pg_class where relnamespace = 'public'::regnamespace`
      assert.deepStrictEqual(tables, [])
    }))

  it.live("a script that forgets its ledger row is refused", () =>
    Effect.gen(function* () {
      const { target } = yield* database([{ name: "010_a.up.sql", sql: "select 1" }, {
        name: "010_a.down.sql",
        sql: "",
      }])
      const error = yield* Effect.flip(migrate(target))
      assert.strictEqual(error.reason, "plan")
      assert.strictEqual(error.script, "010_a")
    }))

  it.live("a pasted script counts", () =>
    Effect.gen(function* () {
      const { target } = yield* database(notes)
      const sql = yield* client(target.url)
      yield* sql.unsafe("create table notes (id int)")
      for (const statement of ledger("010_notes").trim().split("\n")) yield* sql.unsafe(statement)
      assert.deepStrictEqual((yield* migrate(target)).applied, [])
    }))

  it.live("D17: a newer script that only expands, or needs no later version, is none of a program's business", () =>
    Effect.gen(function* () {
      const { target } = yield* database([...notes, grants])
      yield* migrate(target)
      const sql = yield* client(target.url)
      yield* sql`insert into schema_scripts (name, needs) values ('980_more', null), ('990_less', ${version})`
      assert.deepStrictEqual((yield* migrate(target)).applied, [])
      assert.deepStrictEqual(yield* status(target), {
        applied: ["010_notes"],
        pending: [],
        unknown: ["980_more", "990_less"],
        refusal: undefined,
      })
      // what it reverts may be what the newer ones stand on
      const error = yield* Effect.flip(down(target))
      assert.deepStrictEqual([error.reason, error.detail], [
        "newer",
        "the schema is newer than this program, which does not know 980_more, 990_less",
      ])
    }))

  it.live("D17: a newer script that this version may not run on is refused, whichever table of the ledger says so", () =>
    Effect.gen(function* () {
      for (
        const [row, says] of [
          ["into schema_scripts (name, needs) values ('990_less', '99.0.0')", "990_less (for 99.0.0 or later)"],
          ["into schema_ledger (name) values ('990_future')", "990_future"],
        ] as const
      ) {
        const { target } = yield* database(notes)
        yield* migrate(target)
        const sql = yield* client(target.url)
        yield* sql.unsafe(`insert ${row}`)
        const error = yield* Effect.flip(migrate(target))
        assert.deepStrictEqual([error.reason, error.detail], [
          "newer",
          `the schema is newer than this program (${version}), which does not know ${says}`,
        ])
        assert.strictEqual((yield* Effect.flip(upPlan(target))).reason, "newer")
      }
    }))

  it.live("D17: an older program neither adds its scripts to a newer schema nor takes the newer one's rights away", () =>
    Effect.gen(function* () {
      const { databaseUrl, target } = yield* database([...notes, grants])
      const newer = pair("980_more", "create table more (id int);", "drop table more;")
      const wider = { name: grants.name, sql: `${grants.sql} select 1` }
      yield* migrate({ ...target, files: [...notes, ...newer, wider] })
      assert.deepStrictEqual((yield* migrate({ ...target, files: [...notes, narrow] })).applied, [])
      const runtime = yield* client(databaseUrl)
      assert.deepStrictEqual(yield* runtime`select * from more`, [])
      const hotfix = pair("015_hotfix", "create table hotfix (id int);", "drop table hotfix;")
      const error = yield* Effect.flip(migrate({ ...target, files: [...notes, ...hotfix, grants] }))
      assert.match(error.detail, /^the schema lacks 015_hotfix, and has 980_more of a newer program: /)
    }))

  it.live("D17: rights that 0.2.0 has set again meanwhile, its own alone, are granted anew", () =>
    Effect.gen(function* () {
      const { databaseUrl, target } = yield* database([...notes, grants])
      yield* migrate(target)
      const sql = yield* client(target.url)
      yield* sql.unsafe(narrow.sql.replace("current_setting('stint.runtime_role')", `'${target.runtimeRole}'`))
      const runtime = yield* client(databaseUrl)
      assert.strictEqual((yield* Effect.flip(runtime`select * from notes`)).reason._tag, "AuthorizationError")
      yield* migrate(target)
      assert.deepStrictEqual(yield* runtime`select * from notes`, [])
    }))

  it.live("D19: a search path that leads elsewhere is refused, whoever set it: the url, the role or the database", () =>
    Effect.gen(function* () {
      const { target } = yield* database(notes)
      const sql = yield* client(target.url)
      yield* sql`create schema stint`
      const asked = new URL(Redacted.value(target.url))
      asked.searchParams.set("options", "-csearch_path=stint,public")
      const says = "its tables stand in schema public, and its sessions look at schema stint first: take the " +
        "search_path (stint,public) out of the url's options, or reset that of the role or the database"
      const actions: ReadonlyArray<(it: MigrationTarget) => Effect.Effect<unknown, MigrationError>> = [
        migrate,
        upPlan,
        down,
        downPlan,
        status,
      ]
      for (const action of actions) {
        const error = yield* Effect.flip(action({ ...target, url: Redacted.make(asked.href) }))
        assert.deepStrictEqual([error.reason, error.detail], ["plan", says])
      }
      yield* sql.unsafe(`alter database ${asked.pathname.slice(1)} set search_path = nowhere`)
      assert.match((yield* Effect.flip(migrate(target))).detail, /its sessions look at no schema first: .*\(nowhere\)/)
      assert.deepStrictEqual(yield* sql`select relname from pg_class where relnamespace = 'stint'::regnamespace`, [])
      yield* sql.unsafe(`alter database ${asked.pathname.slice(1)} set search_path = public, stint`)
      assert.deepStrictEqual((yield* migrate(target)).applied, ["010_notes"])
    }))

  it.live("a database that can't be reached is an error without the password", () =>
    Effect.gen(function* () {
      const url = Redacted.make("postgres://someone:hunter2@127.0.0.1:1/none")
      const error = yield* Effect.flip(migrate({ service: "catalog", url, files: notes }))
      assert.strictEqual(error.reason, "unreachable")
      assert.notInclude(JSON.stringify(error) + error.message, "hunter2")
    }))
})
