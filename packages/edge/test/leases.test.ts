/** Tokens that a replica leases from a bucket, and what it does while the bucket is away. */
import { assert, describe, it } from "@effect/vitest"
import * as Leases from "@stint/edge/RateLimit/Leases"
import { RateRepo } from "@stint/edge/RateLimit/Repo"
import { Effect } from "effect"

describe("rates", () => {
  it("A5: while the database is away each replica counts alone; tokens are leased in chunks", async () => {
    let asked = 0
    let away = false
    let now = 0
    const repo = RateRepo.of({
      take: (_, { burst }, want) =>
        Effect.suspend(() => {
          asked++
          return away ? Effect.die("away") : Effect.succeed({ granted: want, left: burst - want })
        }),
      prune: () => Effect.void,
    })
    const { spend } = Leases.make(repo, () => now)
    const limit = { perSecond: 20, burst: 100 }
    const served = async (requests: number) => {
      let n = 0
      for (let i = 0; i < requests; i++) if ((await Effect.runPromise(spend("a", limit))).allowed) n++
      return n
    }
    assert.strictEqual(await served(60), 60)
    assert.strictEqual(asked, 3)
    away = true
    assert.strictEqual(await served(500), 80)
    assert.strictEqual(asked, 4)
    now += 500
    assert.strictEqual(await served(500), 10)
  })
})
