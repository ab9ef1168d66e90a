/** The feed has every version of a hire, also those that a program of 0.2.0 wrote without telling it. */
import { PgClient } from "@effect/sql-pg"
import { ActionLogRepo } from "@stint/edge/ActionLog/Repo"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { announce } from "../src/Announcements.ts"
import { AnnouncementsRepo } from "../src/Announcements/Repo.ts"
import { OutboxRepo } from "../src/Outbox/Repo.ts"
import { customerOf, feedEnd, follow, followUntil, type Hiring, marketingConfig, startHiring } from "./Harness.ts"

describe("announcing hires", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())

  const announceNow = () =>
    Effect.runPromise(announce.pipe(
      Effect.provide(AnnouncementsRepo.layer.pipe(
        Layer.provide([OutboxRepo.layer, ActionLogRepo.layer("hiring_action_log")]),
        Layer.provide(PgClient.layer({ url: Redacted.make(hiring.databaseUrl), maxConnections: 2 })),
      )),
    ))
  /** Writes a hire as 0.2.0 does when the scheduler need not know: the feed is told nothing. */
  const writeInSilence = (id: string) =>
    hiring.sql((sql) =>
      sql`update hired_agents set config = config || '{"brand_name": "Moonlight"}', version = version + 1, updated_at = now()
          where hired_instance_id = ${id}`
    )

  /** What the feed says of hires after a cursor; the service announces too, every some seconds. */
  const told = async (cursor: string) =>
    (await follow(hiring, cursor)).items.map((one) => [one.type, one.hired_instance_id, one.version, one.runnable])

  it("an edit of the config alone is in the feed, with its version, once", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id, subscription_id } = await acme.hired()
    const cursor = await feedEnd(hiring)
    await acme.draft(subscription_id, { config: { ...marketingConfig, brand_name: "Sunrise" } })
    await announceNow()
    assert.deepStrictEqual(await told(cursor), [["hire", id, 3, true]])
  })

  it("what was written in silence is told once, whoever looks", async () => {
    const acme = customerOf(hiring)
    const ids = await Promise.all(Array.from({ length: 3 }, async () => (await acme.hired()).hired_instance_id))
    const cursor = await feedEnd(hiring)
    for (const id of ids) await writeInSilence(id)
    await Promise.all([announceNow(), announceNow()])
    await announceNow()
    assert.sameDeepMembers(await told(cursor), ids.map((id) => ["hire", id, 3, true]))
  })

  it("hiring does so by itself when it starts", async () => {
    const { hired_instance_id: id, subscription_id } = await customerOf(hiring).hired()
    const cursor = await feedEnd(hiring)
    await writeInSilence(id)
    const replica = await hiring.replica()
    const { items } = await followUntil(hiring, cursor, subscription_id)
    assert.deepStrictEqual(items.map(({ version }) => version), [3])
    await replica.dispose()
  })
})
