/** Every service's own scripts: up, all the way down, and up again. */
import { PgClient } from "@effect/sql-pg"
import { services } from "@stint/cli/Provision"
import { readScripts } from "@stint/cli/Scripts"
import { assert, describe, it } from "@effect/vitest"
import { down, migrate } from "@stint/edge/Migrator"
import { Effect } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { emptyDatabase } from "./support/Database.ts"

describe("sql", () => {
  for (const service of services) {
    it.live(`the scripts of ${service} go up, down and up`, () =>
      Effect.gen(function* () {
        const { migrateUrl: url, runtimeRole } = yield* emptyDatabase(service)
        const files = yield* Effect.promise(() => readScripts(service))
        const target = { service, url, runtimeRole, files }
        const { applied } = yield* migrate(target)
        const { undone } = yield* down(target)
        assert.deepStrictEqual(undone.toReversed(), applied)
        const sql = yield* PgClient.makeClient({ url }).pipe(Effect.provide(Reactivity.layer))
        const left = yield* sql`select relname from pg_class
          where relnamespace = 'public'::regnamespace and relname not like 'schema_ledger%'`
        assert.deepStrictEqual(left, [])
        assert.deepStrictEqual((yield* migrate(target)).applied, applied)
      }))
  }
})
