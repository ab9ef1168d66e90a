/** `stint retention` as an operator calls it, against databases of its own. */
import { PgClient } from "@effect/sql-pg"
import { connectionOf } from "@stint/edge/Pg/Connection"
import { Effect, Redacted } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Databases, makeDatabases } from "./support/databases.ts"
import { invoke } from "./support/invoke.ts"
import { cleanUp, launch } from "./support/launcher.ts"

let databases: Databases
beforeAll(async () => {
  databases = await makeDatabases("migrated")
})
afterAll(async () => {
  await cleanUp()
  await databases.release()
})

/** In this process. */
const retention = async (args: ReadonlyArray<string>, env = databases.env) => {
  const { err, out, status } = await invoke(["retention", ...args], { env })
  return { status, text: out + err }
}

const asOwner = <A>(service: string, statement: string) =>
  Effect.runPromise(
    Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(statement)).pipe(
      Effect.provide(
        PgClient.layer(connectionOf(Redacted.make(databases.env[`${service.toUpperCase()}_MIGRATE_URL`]!))),
      ),
    ),
  ) as Promise<ReadonlyArray<A>>

describe("stint retention", () => {
  it("a dry run says what would go, then it goes, and an expired dead letter has its line in the action log", async () => {
    await asOwner(
      "hiring",
      `insert into gateway_audit_logs (id, correlation_id, timestamp, service, request_id, http_method, endpoint,
         status_code, total_latency_ms)
       select gen_random_uuid(), repeat('a', 32), now() - n * interval '1 day', 'hiring', 'r', 'GET', '/x', 200, 1
       from generate_series(80, 99) n`,
    )
    await asOwner(
      "scheduler",
      `insert into scheduler_dlq (dlq_id, goal_instance_id, hired_instance_id, fingerprint, first_failed_at, last_failed_at,
         expires_at)
       values ('DLQ-1', 'GOI-1', 'HAI-1', '3f9c0a417be2', now() - interval '8 days', now(), now() - interval '1 day')`,
    )
    const dry = await retention(["--dry-run"])
    assert.strictEqual(dry.status, 0, dry.text)
    assert.include(dry.text, "hiring       gateway_audit_logs: 10 would go (kept 90 days)")
    assert.include(
      dry.text,
      "scheduler    scheduler_dlq, open to expired: 1 would go (kept 7 days after the first failure)",
    )
    const done = await launch(["retention"], databases.env).end
    assert.strictEqual(done.status, 0, done.text)
    assert.include(done.text, "hiring       gateway_audit_logs: 10 gone")
    assert.include(done.text, "catalog      gateway_audit_logs: 0 gone")
    assert.include(done.text, "scheduler    scheduler_dlq, open to expired: 1 gone")
    assert.deepStrictEqual(
      await asOwner("scheduler", "select action, operator, goal_instance_id from scheduler_action_log"),
      [{ action: "dlq_expired", operator: "system", goal_instance_id: "GOI-1" }],
    )
    const again = await retention(["--service", "hiring"])
    assert.match(again.text, /^hiring +gateway_audit_logs: 0 gone/)
  })

  it("knows only our services, and says in a sentence that a database is away", async () => {
    const unknown = await retention(["--service", "billing"])
    assert.deepStrictEqual([unknown.status, unknown.text.trim()], [
      2,
      `stint: There is no service "billing": say catalog, hiring, deliverables, scheduler. stint --help says more.`,
    ])
    const env = { ...databases.env, CATALOG_DATABASE_URL: "postgres://x:y@127.0.0.1:1/x" }
    const away = await retention(["--service", "catalog"], env)
    assert.strictEqual(away.status, 1)
    assert.match(away.text, /^stint: catalog: .+\.$/m)
  })
})
