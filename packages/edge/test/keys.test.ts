/** Reservations of Idempotency-Keys that are asked for at the same time, in memory and on Postgres. */
import { IdempotencyRepo } from "@stint/edge/Idempotency/Repo"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, ManagedRuntime } from "effect"
import { withDatabase } from "../../../tests/support/Database.ts"
import { inMemory, onPostgres } from "./Things.ts"

for (const mode of ["memory", "postgres"] as const) {
  describe(`keys on ${mode}`, () => {
    const env: Record<string, string> = {}
    let release = async () => {}
    let runtime: ManagedRuntime.ManagedRuntime<IdempotencyRepo, unknown>
    beforeAll(async () => {
      if (mode === "postgres") {
        const database = await withDatabase("catalog")
        env.CATALOG_DATABASE_URL = database.url
        release = database.release
      }
      const storage = mode === "memory" ? inMemory : onPostgres
      runtime = ManagedRuntime.make(
        storage.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(env)))),
      )
    })
    afterAll(async () => {
      await runtime.dispose()
      await release()
    })

    it("of many that ask at once each key has one holder, and each request its own answer", async () => {
      const repo = await runtime.runPromise(IdempotencyRepo)
      const scope = (key: string) => ({ caller: "customer:acme", route: `POST /${mode}/at-once`, key })
      const keys = Array.from({ length: 60 }, (_, n) => `k-${n % 3 === 0 ? "same" : n}`)
      const reservations = await runtime.runPromise(Effect.forEach(
        keys,
        (key) => repo.reserve(scope(key), { sent: `s-${key}`, canonical: `c-${key}` }),
        { concurrency: "unbounded" },
      ))
      const tags = keys.map((key, n) => `${key} ${reservations[n]!._tag}`)
      assert.lengthOf(tags.filter((tag) => tag === "k-same Reserved"), 1)
      assert.lengthOf(tags.filter((tag) => tag === "k-same InFlight"), 19)
      assert.lengthOf(tags.filter((tag) => !tag.startsWith("k-same") && tag.endsWith(" Reserved")), 40)
      await runtime.runPromise(Effect.forEach(
        keys,
        (key, n) => {
          const reservation = reservations[n]!
          return reservation._tag === "Reserved"
            ? repo.keep({ ...scope(key), holder: reservation.holder }, { status: 201, location: key, body: `"${n}"` })
            : Effect.void
        },
        { concurrency: "unbounded" },
      ))
      for (const [n, key] of keys.entries()) {
        const kept = await runtime.runPromise(repo.reserve(scope(key), { sent: `s-${key}`, canonical: "another" }))
        if (kept._tag !== "Replay") throw new Error(kept._tag)
        assert.strictEqual(kept.reply.location, key)
        if (key !== "k-same") assert.strictEqual(kept.reply.body, `"${n}"`)
      }
    })
  })
}
