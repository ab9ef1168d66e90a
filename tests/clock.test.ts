/** The clock of the tests' databases: it moves for every session, and what is migrated under it lives by it. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { type MovableTime, movableTime } from "./support/MovableTime.ts"

const DAY = 86_400_000

describe("a movable clock", () => {
  let time: MovableTime<"hiring">
  beforeAll(async () => {
    time = await movableTime("hiring")
  })
  afterAll(() => time.release())

  const asService = <A>(statement: string) =>
    Effect.runPromise(
      Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(statement)).pipe(
        Effect.provide(PgClient.layer({ url: Redacted.make(time.urls.hiring), maxConnections: 1 })),
      ),
    ) as unknown as Promise<ReadonlyArray<A>>
  const ahead = (at: Date) => Math.round((at.getTime() - Date.now()) / DAY)

  it("moves process and database together, every function that tells the time, and defaults too", async () => {
    await time.advance(7 * DAY)
    assert.strictEqual(ahead(new Date(time.now())), 7)
    const [row] = await asService<Record<string, Date>>(
      "select now() as a, transaction_timestamp() as b, statement_timestamp() as c, clock_timestamp() as d",
    )
    assert.deepStrictEqual(Object.values(row!).map(ahead), [7, 7, 7, 7])
    const [made] = await asService<{ at: Date }>(
      "insert into hiring_outbox (kind, payload) values ('goal', '{}') returning created_at as at",
    )
    assert.strictEqual(ahead(made!.at), 7)
  })

  it("an index serves a comparison with it", async () => {
    const plan = await asService<Record<string, string>>(
      "explain select from idempotency_keys where expires_at < now() order by expires_at limit 1",
    )
    assert.match(JSON.stringify(plan), /Index/)
  })
})
