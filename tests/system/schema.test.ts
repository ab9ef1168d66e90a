/** A migrator that is killed leaves nothing half done. */
import { assert, describe, it } from "@effect/vitest"
import { services } from "@stint/cli/Provision"
import { down, migrate, type MigrationTarget, status } from "@stint/edge/Migrator"
import { Effect, Redacted, Result } from "effect"
import { spawn } from "node:child_process"
import process from "node:process"
import { clientOf } from "../support/Paste.ts"
import { fill, isWhole, type Service, targetOf } from "../support/Schema.ts"
import { until } from "../support/Until.ts"

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
  yield* Effect.promise(() =>
    until("the migrator is in the middle", async () => (await Effect.runPromise(asleep)).length > 0)
  )
  return Effect.promise(() => {
    child.kill("SIGKILL")
    return ended
  })
})

describe("sql", () => {
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
