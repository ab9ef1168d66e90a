/** What Postgres itself refuses a service of a stack: another's database. */
import { PgClient } from "@effect/sql-pg"
import { services } from "@stint/cli/Provision"
import { readPasswords } from "@stint/cli/Provision/Roles"
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { startStack } from "../support/Stack.ts"

/** Postgres' own words for why a query failed. */
const refusal = <A, R>(effect: Effect.Effect<A, { readonly message: string }, R>) =>
  Effect.map(Effect.flip(effect), (error) => {
    const cause = "reason" in error ? (error.reason as { cause?: { message?: string } }).cause : undefined
    return cause?.message ?? error.message
  })

it("a service's role connects to its own database and to no other", async () => {
  const stack = await startStack()
  try {
    const { port } = JSON.parse(await readFile(join(stack.home, "postgres.json"), "utf8"))
    const passwords = (await readPasswords(stack.home))!
    for (const service of services) {
      const role = `stint_${service}`
      const connect = (database: string) =>
        Effect.flatMap(PgClient.PgClient, (sql) => sql`select 1`).pipe(
          Effect.provide(PgClient.layer({
            url: Redacted.make(`postgres://${role}:${passwords[role]}@127.0.0.1:${port}/${database}`),
            maxConnections: 1,
          })),
        )
      await Effect.runPromise(connect(role))
      for (
        const other of [
          "postgres",
          "template1",
          ...services.filter((s) => s !== service).map((s) => `stint_${s}`),
        ]
      ) {
        assert.match(await Effect.runPromise(refusal(connect(other))), /permission denied/, `${role} in ${other}`)
      }
    }
  } finally {
    await stack.stop()
  }
})
