/** The audit of the edge, as the catalog keeps it: a line a request, without secrets, none lost when the service ends. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { withDatabase } from "../../../tests/support/Database.ts"
import { ready, startService } from "../../../tests/support/Service.ts"
import { until } from "../../../tests/support/Until.ts"
import { App } from "../src/App.ts"

const sqlOn = <A>(url: string, statement: string): Promise<ReadonlyArray<A>> =>
  Effect.runPromise(
    PgClient.makeClient({ url: Redacted.make(url) }).pipe(
      Effect.flatMap((sql) => sql.unsafe(statement)),
      Effect.scoped,
      Effect.provide(Reactivity.layer),
    ),
  ) as Promise<ReadonlyArray<A>>

/** A catalog on a database of its own, and its lines once there are so many. */
const startCatalog = async () => {
  const database = await withDatabase("catalog")
  const catalog = await startService(App, { CATALOG_DATABASE_URL: database.url })
  await ready(catalog)
  const lines = async (count: number) => {
    return await until(`${count} lines of the audit`, async () => {
      const found = await sqlOn<Record<string, unknown>>(
        database.ownerUrl,
        "select *, timestamp <= now() as begun from gateway_audit_logs order by id",
      )
      return found.length >= count && found
    })
  }
  return {
    catalog,
    database,
    lines,
    end: async () => {
      await catalog.dispose()
      await database.release()
    },
  }
}

describe("gateway_audit_logs", () => {
  it("has who called what, the status, the trace; a refused caller has no subject; health checks have no line", async () => {
    const { catalog, end, lines } = await startCatalog()
    const trace = "0af7651916cd43dd8448eb211c80319c"
    await catalog.call("GET", "/api/v1/agent-types/trading.delta_futures.v1?version=1.0.0", {
      as: "customer:acme",
      headers: { traceparent: `00-${trace}-b7ad6b7169203331-01`, "x-request-id": "req-of-mine" },
    })
    await catalog.call("GET", "/api/v1/agent-types/none.such", { as: "viewer:vera" })
    await catalog.call("GET", "/api/v1/agent-types", { headers: { authorization: "Bearer very-secret" } })
    for (const path of ["/livez", "/readyz", "/metrics", "/openapi.json", "/nothing"]) await catalog.call("GET", path)
    await catalog.call("POST", "/api/v1/agent-types", { as: "customer:acme", body: { password: "hunter2" } })
    const found = await lines(4)
    assert.strictEqual(found.length, 4)
    assert.deepInclude(found[0], {
      correlation_id: trace,
      causation_id: "b7ad6b7169203331",
      service: "catalog",
      request_id: "req-of-mine",
      http_method: "GET",
      endpoint: "/api/v1/agent-types/:type",
      subject: "acme",
      role: "customer",
      status_code: 200,
      error_type: null,
      action: "get",
      resource: "agentTypes",
      resource_id: "trading.delta_futures.v1",
      begun: true,
    })
    assert.isAbove(found[0]!.total_latency_ms as number, 0)
    assert.deepInclude(found[1], { status_code: 404, error_type: "agent_type_not_found", resource_id: "none.such" })
    assert.deepInclude(found[2], { status_code: 401, error_type: "unauthorized", subject: null, role: null })
    assert.deepInclude(found[3], { status_code: 403, error_type: "wrong_role", http_method: "POST" })
    assert.notMatch(JSON.stringify(found), /secret|hunter2|version=/)
    await end()
  })

  it("B3: is changed and emptied by nobody, its owner neither; what is older than 90 days may go", async () => {
    const database = await withDatabase("catalog")
    const line = (subject: string, age: string) =>
      `insert into gateway_audit_logs (id, correlation_id, timestamp, service, request_id, http_method, endpoint, status_code,
        total_latency_ms, subject, role) values (gen_random_uuid(), '${
        "a".repeat(32)
      }', now() - interval '${age}', 'catalog', 'r', 'GET', '/', 200, 1,
        '${subject}', 'viewer')`
    await sqlOn(database.ownerUrl, line("old", "91 days"))
    await sqlOn(database.ownerUrl, line("new", "89 days"))
    const attempts: ReadonlyArray<[url: string, statement: string]> = [
      [database.url, "update gateway_audit_logs set subject = 'x'"],
      [database.ownerUrl, "update gateway_audit_logs set subject = 'x'"],
      [database.url, "delete from gateway_audit_logs"],
      [database.ownerUrl, "delete from gateway_audit_logs where subject = 'new'"],
      [database.ownerUrl, "truncate gateway_audit_logs"],
    ]
    for (const [url, statement] of attempts) {
      const refused = await sqlOn(url, statement).then(() => undefined, (error) => error.reason._tag)
      assert.strictEqual(refused, "AuthorizationError", statement)
    }
    await sqlOn(database.url, "delete from gateway_audit_logs where timestamp < now() - interval '90 days'")
    assert.deepStrictEqual(await sqlOn(database.url, "select subject from gateway_audit_logs"), [{ subject: "new" }])
    await database.release()
  })

  it("B3: a published version is changed by nobody, the owner of its table neither", async () => {
    const database = await withDatabase("catalog")
    for (const url of [database.url, database.ownerUrl]) {
      for (
        const statement of [
          "update agent_type_definitions set payload = payload",
          "delete from agent_type_definitions",
          "truncate agent_type_definitions",
        ]
      ) {
        const refused = await sqlOn(url, statement).then(() => undefined, (error) => error.reason._tag)
        assert.strictEqual(refused, "AuthorizationError", statement)
      }
    }
    await database.release()
  })

  it("has every line when the service ends, also of requests during the drain", async () => {
    const { catalog, end, lines } = await startCatalog()
    await Promise.all(Array.from({ length: 700 }, () => catalog.call("GET", "/api/v1/agent-types", { as: "viewer:v" })))
    await catalog.drain()
    await catalog.call("GET", "/api/v1/agent-types", { as: "viewer:late" })
    await catalog.dispose()
    const all = await lines(701)
    assert.strictEqual(all.length, 701)
    assert.isTrue(all.some((line) => line.subject === "late"))
    await end()
  })
})
