/** Every service's own scripts: up, all the way down and up again, with rows in the tables, beside another migrator, killed. */
import { assert, describe, it } from "@effect/vitest"
import { services } from "@stint/cli/Provision"
import { readScripts } from "@stint/cli/Scripts"
import { down, migrate, type MigrationTarget, status } from "@stint/edge/Migrator"
import { verify } from "@stint/edge/Migrator/Verify"
import { Effect, Redacted, Result } from "effect"
import { spawn } from "node:child_process"
import process from "node:process"
import { emptyDatabase } from "./support/Database.ts"
import { clientOf } from "./support/Paste.ts"
import { rowsOf } from "./support/Rows.ts"

type Service = typeof services[number]

const targetOf = (service: Service) =>
  Effect.gen(function* () {
    const { migrateUrl: url, runtimeRole } = yield* emptyDatabase(service)
    const files = yield* Effect.promise(() => readScripts(service))
    return { service, url, runtimeRole, files }
  })

const fill = Effect.fnUntraced(function* (service: Service, target: MigrationTarget) {
  const sql = yield* clientOf(target.url)
  for (const statement of rowsOf[service]) yield* sql.unsafe(statement)
})

/** Nothing but the ledger is in the schema. */
const isEmpty = Effect.fnUntraced(function* (target: MigrationTarget) {
  const sql = yield* clientOf(target.url)
  const left = yield* sql`select relname from pg_class
    where relnamespace = 'public'::regnamespace and relname not like 'schema_ledger%'`
  assert.deepStrictEqual(left, [])
})

const isWhole = Effect.fnUntraced(function* (target: MigrationTarget) {
  assert.deepStrictEqual((yield* verify(target)).filter(({ ok }) => !ok), [])
})

/** A migrator in a process of its own that never comes to its end; the answer kills it once it is in the middle. */
const stuckProcess = Effect.fnUntraced(function* (direction: "up" | "down", service: Service, target: MigrationTarget) {
  const child = spawn(process.execPath, ["run", "-A", "tests/support/migrateProcess.ts"], {
    env: {
      ...process.env,
      DIRECTION: direction,
      SERVICE: service,
      SLOW: "1",
      MIGRATE_URL: Redacted.value(target.url),
      ROLE: target.runtimeRole!,
    },
    stdio: "ignore",
  })
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("exit", (_, signal) => resolve(signal)))
  const sql = yield* clientOf(target.url)
  const asleep = sql`select 1 from pg_stat_activity
    where datname = current_database() and wait_event = 'PgSleep' and pid <> pg_backend_pid()`
  yield* Effect.repeat(Effect.andThen(Effect.sleep("20 millis"), asleep), {
    until: (rows) => rows.length > 0,
    times: 500,
  })
  return Effect.promise(() => {
    child.kill("SIGKILL")
    return ended
  })
})

describe("sql", { timeout: 60_000 }, () => {
  for (const service of services) {
    it.live(`the scripts of ${service} go up, down and up, with rows in the tables`, () =>
      Effect.gen(function* () {
        const target = yield* targetOf(service)
        const { applied } = yield* migrate(target)
        yield* fill(service, target)
        assert.deepStrictEqual((yield* migrate(target)).applied, [])
        const { undone } = yield* down(target)
        assert.deepStrictEqual(undone.toReversed(), applied)
        yield* isEmpty(target)
        assert.deepStrictEqual((yield* migrate(target)).applied, applied)
        yield* fill(service, target)
        yield* isWhole(target)
      }).pipe(Effect.scoped))

    it.live(`the scripts of ${service} go down and up one by one`, () =>
      Effect.gen(function* () {
        const target = yield* targetOf(service)
        const { applied } = yield* migrate(target)
        yield* fill(service, target)
        const stops = applied.filter((name) => !/^phase2_0[1-4]/.test(name)).toReversed().slice(1)
        for (const to of stops) {
          assert.strictEqual((yield* down({ ...target, to })).undone.length, 1)
          assert.strictEqual((yield* status(target)).applied.at(-1), to)
        }
        yield* migrate(target)
        yield* isWhole(target)
      }).pipe(Effect.scoped))

    it.live(`two migrators of ${service} at the same instant, up and down: one does it, the other waits`, () =>
      Effect.gen(function* () {
        const target = yield* targetOf(service)
        const both = <A, E>(effect: Effect.Effect<A, E>) => Effect.all([effect, effect], { concurrency: "unbounded" })
        const up = yield* both(migrate(target))
        const all = up.map(({ applied }) => applied.length).toSorted((a, b) => a - b)
        assert.strictEqual(all[0], 0)
        assert.isAbove(all[1]!, 0)
        yield* fill(service, target)
        const undone = yield* both(down(target))
        assert.deepStrictEqual(undone.map(({ undone }) => undone.length).toSorted((a, b) => a - b), all)
        yield* isEmpty(target)
        // One of each: whichever comes second finds a schema that is whole or gone
        yield* migrate(target)
        yield* Effect.all([migrate(target), down(target)], { concurrency: "unbounded" })
        const { applied } = yield* status(target)
        if (applied.length > 0) yield* isWhole(target)
        else yield* isEmpty(target)
      }).pipe(Effect.scoped))
  }

  for (const direction of ["up", "down"] as const) {
    it.live(`kill -9 of a migrator on its way ${direction}: nothing is half done, and the next one does it`, () =>
      Effect.forEach(services, (service) =>
        Effect.gen(function* () {
          const target = yield* targetOf(service)
          if (direction === "down") {
            yield* migrate(target)
            yield* fill(service, target)
          }
          const before = yield* status(target)
          const kill = yield* stuckProcess(direction, service, target)
          const early = yield* Effect.result(migrate({ ...target, lockTimeout: 50 }))
          assert.strictEqual(
            Result.isFailure(early) ? early.failure.reason : early.success.applied.length,
            direction === "up" ? "locked" : 0,
          )
          assert.strictEqual(yield* kill, "SIGKILL")
          assert.deepStrictEqual(yield* status(target), before)
          if (direction === "down") {
            yield* isWhole(target)
            yield* down(target)
          }
          yield* migrate(target)
          yield* isWhole(target)
        }).pipe(Effect.scoped), { concurrency: 2, discard: true }))
  }
})
