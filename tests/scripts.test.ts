/** The scripts as operators use them: pasted by hand, verified, rolled back; and the files that follow from them. */
import { assert, describe, it } from "@effect/vitest"
import { derivedFiles } from "@stint/cli/Db/Derived"
import { services } from "@stint/cli/Provision"
import { readScripts } from "@stint/cli/Scripts"
import { migrate, status } from "@stint/edge/Migrator"
import { planOf } from "@stint/edge/Migrator/Plan"
import { verify } from "@stint/edge/Migrator/Verify"
import { Effect, Redacted, Result } from "effect"
import { readFile } from "node:fs/promises"
import { emptyDatabase } from "./support/Database.ts"
import { clientOf, paste } from "./support/Paste.ts"

const textOf = (path: string) => readFile(new URL(`../${path}`, import.meta.url), "utf8")

const scriptOf = (files: ReadonlyArray<{ readonly name: string; readonly sql: string }>, name: string) =>
  files.find((file) => file.name === name)!.sql

/** The scripts of a service in the order of going up. */
const upward = (files: Parameters<typeof planOf>[0]) => Result.getOrThrow(planOf(files)).up.map(({ sql }) => sql)

const leftIn = (url: Redacted.Redacted) =>
  Effect.scoped(Effect.gen(function* () {
    const sql = yield* clientOf(url)
    const rows = yield* sql<{ name: string }>`
      select relname::text as name from pg_class where relnamespace = 'public'::regnamespace
      union all select proname::text from pg_proc where pronamespace = 'public'::regnamespace
      union all select typname::text from pg_type where typnamespace = 'public'::regnamespace and typrelid = 0 and typelem = 0`
    return rows.map(({ name }) => name)
  }))

describe("scripts that are pasted", () => {
  for (const service of services) {
    it.live(`${service}: by hand in order, then stint db migrate finds nothing to do, verify.sql no difference, rollback leaves nothing`, () =>
      Effect.gen(function* () {
        const { migrateUrl: url, runtimeRole } = yield* emptyDatabase(service)
        const files = yield* Effect.promise(() => readScripts(service))
        const role = `set stint.runtime_role = '${runtimeRole}';`
        yield* paste(url, ...upward(files), role, scriptOf(files, "grants.sql"))
        const target = { service, url, runtimeRole, files }
        assert.deepStrictEqual((yield* status(target)).pending, [])
        assert.deepStrictEqual((yield* migrate(target)).applied, [])
        const checks = yield* verify(target)
        assert.deepStrictEqual(checks.filter(({ ok }) => !ok), [])
        const sql = yield* clientOf(url)
        const rows = yield* sql.unsafe<{ check: string; result: string }>(scriptOf(files, "verify.sql"))
        assert.isAbove(rows.length, 50)
        assert.deepStrictEqual(rows.filter(({ result }) => !result.startsWith("ok")), [])
        const rollback = scriptOf(files, service === "scheduler" ? "phase2_99_rollback.sql" : "rollback.sql")
        yield* paste(url, rollback)
        assert.deepStrictEqual(yield* leftIn(url), [])
        yield* paste(url, rollback)
        assert.deepStrictEqual(
          (yield* migrate(target)).applied.length,
          checks.filter(({ check }) => check.startsWith("script ")).length,
        )
      }).pipe(Effect.scoped))
  }

  it.live("phase 2 alone has the requirement's columns, indexes and state; 06 finds all ok; 99 leaves nothing", () =>
    Effect.gen(function* () {
      const { migrateUrl: url } = yield* emptyDatabase("scheduler")
      const files = (yield* Effect.promise(() => readScripts("scheduler"))).filter(({ name }) =>
        name.startsWith("phase2_")
      )
      yield* paste(url, ...upward(files))
      const sql = yield* clientOf(url)
      const count = (table: string) =>
        sql<{ columns: number; indexes: number }>`
        select (select count(*)::int from information_schema.columns where table_schema = 'public' and table_name = ${table}) as columns,
          (select count(*)::int from pg_indexes where schemaname = 'public' and tablename = ${table}) as indexes`
      const tables = ["scheduler_dlq", "scheduler_state", "scheduler_action_log", "scheduled_goal_runs", "goal_runs"]
      const counts = (yield* Effect.forEach(tables, count)).map(([row]) => row!)
      assert.deepStrictEqual(counts.map(({ columns }) => columns), [11, 9, 7, 8, 9])
      assert.deepStrictEqual(counts.map(({ indexes }) => indexes), [4, 3, 4, 5, 4])
      assert.deepStrictEqual(yield* sql`select state_id, status from scheduler_state`, [
        { state_id: "global", status: "running" },
      ])
      const rows = yield* sql.unsafe<{ check: string; result: string }>(scriptOf(files, "phase2_06_verify.sql"))
      assert.strictEqual(rows.length, 13)
      assert.deepStrictEqual(rows.filter(({ result }) => result !== "ok"), [])
      yield* paste(url, ...upward(files))
      yield* paste(url, scriptOf(files, "phase2_99_rollback.sql"))
      assert.deepStrictEqual(yield* leftIn(url), [])
    }).pipe(Effect.scoped))
})

/** What a restore does to whatever has an expression: makes it from the words that a dump has of it. */
const fromOwnWords = (url: Redacted.Redacted) =>
  Effect.scoped(Effect.gen(function* () {
    const sql = yield* clientOf(url)
    const made = yield* sql<{ drop: string; make: string }>`
      select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop,
        format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as make
      from pg_constraint where contype = 'c' and connamespace = 'public'::regnamespace
      union all select 'drop index ' || indexrelid::regclass, pg_get_indexdef(indexrelid)
      from pg_index join pg_class c on c.oid = indexrelid
      where c.relnamespace = 'public'::regnamespace and (indpred is not null or indexprs is not null)`
    for (const { drop, make } of made) {
      yield* sql.unsafe(drop)
      yield* sql.unsafe(make)
    }
    return made.length
  }))

describe("D15: a database that was dumped and restored", () => {
  for (const service of services) {
    it.live(`${service}: verify finds no difference, once and twice, and still finds one of meaning`, () =>
      Effect.gen(function* () {
        const { migrateUrl: url, runtimeRole } = yield* emptyDatabase(service)
        const files = yield* Effect.promise(() => readScripts(service))
        const target = { service, url, runtimeRole, files }
        yield* migrate(target)
        for (let restores = 0; restores < 2; restores++) {
          assert.isAbove(yield* fromOwnWords(url), 0)
          assert.deepStrictEqual((yield* verify(target)).filter(({ ok }) => !ok), [])
        }
        const sql = yield* clientOf(url)
        yield* sql.unsafe(`alter table gateway_audit_logs drop constraint ck_gateway_audit_logs_role,
          add constraint ck_gateway_audit_logs_role check (role in ('customer', 'viewer', 'operator'))`)
        assert.deepStrictEqual((yield* verify(target)).filter(({ ok }) => !ok).map(({ check }) => check), [
          "constraint gateway_audit_logs.ck_gateway_audit_logs_role",
        ])
      }).pipe(Effect.scoped))
  }
})

describe("files that follow from the scripts", () => {
  for (const service of services) {
    it.live(`${service}: they are up to date (else: node scripts/deno.js run -A scripts/schema.ts)`, () =>
      Effect.gen(function* () {
        const { migrateUrl: url, runtimeRole } = yield* emptyDatabase(service)
        const files = yield* Effect.promise(() => readScripts(service))
        for (const { path, text } of yield* derivedFiles({ service, url, runtimeRole, files })) {
          const stands = yield* Effect.promise(() => textOf(path))
          // Only the first difference: the whole file says little
          const [line, expected] = [...text.split("\n").entries()].find(([i, line]) =>
            stands.split("\n")[i] !== line
          ) ?? []
          assert.strictEqual(
            line === undefined ? undefined : stands.split("\n")[line],
            expected,
            `${path}, line ${line}`,
          )
          assert.strictEqual(stands.length, text.length, path)
        }
      }).pipe(Effect.scoped))
  }
})

it("docs/deploy-sql.md names every script, in the order of going up", async () => {
  const guide = await textOf("docs/deploy-sql.md")
  for (const service of services) {
    const [, section = ""] = new RegExp(`^### ${service}: (.*?)^##`, "ms").exec(guide) ?? []
    const files = await readScripts(service)
    const { up } = Result.getOrThrow(planOf(files))
    const numbered = [...section.matchAll(/^\d+\. `(.+?)(?:\.up)?\.sql`$/gm)].map(([, name]) => name)
    assert.deepStrictEqual(numbered, up.map(({ name }) => name), service)
  }
})
