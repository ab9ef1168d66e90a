/** What hiring asks of the catalog and the scheduler, and what it makes of their answers and silences. */
import { shippedDefinitions } from "@stint/domain/Shipped"
import { definitionId } from "@stint/domain/Definition"
import { CustomerId, HiredInstanceId } from "@stint/domain/Ids"
import { Files } from "@stint/edge/Files"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { Neighbours } from "../src/App.ts"
import { Catalog, Scheduler } from "../src/Clients.ts"

type Serve = (request: Request) => Promise<Response>

/** Runs with neighbours that answer so. */
const withNeighbours = <A, E>(serve: Serve, use: Effect.Effect<A, E, Catalog | Scheduler>) => {
  const asked: Array<Request> = []
  const fetch = ((input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init)
    asked.push(request)
    const aborted = new Promise<never>((_, reject) =>
      request.signal.addEventListener("abort", () => reject(request.signal.reason))
    )
    return Promise.race([serve(request), aborted])
  }) as typeof globalThis.fetch
  const layer = Neighbours.pipe(Layer.provide([
    Layer.succeed(Files, Files.of({ read: () => Effect.succeed("token-1\n"), appendLine: () => Effect.void })),
    ConfigProvider.layer(ConfigProvider.fromEnvRecord({
      CATALOG_URL: "http://catalog.test",
      SCHEDULER_URL: "http://scheduler.test",
      STINT_SERVICE_TOKEN_FILE: "token",
    })),
  ]))
  return Effect.runPromise(use.pipe(Effect.provide(layer), Effect.provideService(FetchHttpClient.Fetch, fetch)))
    .then((result) => ({ result, asked }))
}

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": status < 400 ? "application/json" : "application/problem+json" },
  })

const [shipped] = shippedDefinitions
const published = {
  ...shipped,
  id: definitionId(shipped!),
  created_at: "2026-01-01T00:00:00.000Z",
  updated_at: "2026-01-01T00:00:00.000Z",
}
const { agent_type_id, version } = shipped!
const hire = { hired_instance_id: HiredInstanceId.make("HAI-1"), customer_id: CustomerId.make("acme") }

describe("the catalog's client", () => {
  it("asks for the latest each time, and for a version once", async () => {
    const { asked, result } = await withNeighbours(
      () => Promise.resolve(json(published)),
      Effect.gen(function* () {
        const catalog = yield* Catalog
        const answers = []
        for (let n = 0; n < 2; n++) {
          answers.push(yield* catalog.latest(agent_type_id), yield* catalog.version(agent_type_id, version))
        }
        return answers
      }),
    )
    assert.deepStrictEqual(
      asked.map(({ url }) => new URL(url).pathname),
      Array(2).fill(`/api/v1/agent-types/${agent_type_id}`),
    )
    assert.strictEqual(asked[0]!.headers.get("authorization"), "Bearer token-1")
    assert.strictEqual(new Set(result).size, 1)
  })

  it("an unknown type is one that is not there; what can be no name is not asked for", async () => {
    const unknown = {
      type: "urn:stint:problem:agent_type_not_found",
      title: "x",
      status: 404,
      code: "agent_type_not_found",
    }
    const { asked, result } = await withNeighbours(
      () => Promise.resolve(json(unknown, 404)),
      Effect.gen(function* () {
        const catalog = yield* Catalog
        const names = ["no.such", "..", ".", "", "a/b", "x".repeat(200)]
        const latest = yield* Effect.forEach(names, (name) => Effect.flip(catalog.latest(name)))
        return [...latest, yield* Effect.flip(catalog.version(agent_type_id, "not a version"))]
      }),
    )
    assert.deepStrictEqual(
      result.map(({ code, status }) => [status, code]),
      Array(7).fill([404, "agent_type_not_found"]),
    )
    assert.strictEqual(asked.length, 1)
  })

  it("no answer, a broken one and a refused connection are Unavailable within 2 seconds", async () => {
    const cases: ReadonlyArray<Serve> = [
      () => Promise.resolve(json({ status: 500 }, 500)),
      () => Promise.resolve(json({ not: "an agent type" })),
      () => Promise.reject(new TypeError("connection refused")),
      () => new Promise(() => {}),
    ]
    for (const serve of cases) {
      const before = performance.now()
      const { result } = await withNeighbours(
        serve,
        Effect.flatMap(Catalog, (catalog) => Effect.flip(catalog.latest(agent_type_id))),
      )
      assert.deepStrictEqual([result.status, result.code], [503, "unavailable"])
      assert.isBelow(performance.now() - before, 2500)
    }
  })

  it("a connection that was closed is tried once more", async () => {
    let calls = 0
    const { result } = await withNeighbours(
      () => ++calls === 1 ? Promise.reject(new TypeError("connection closed")) : Promise.resolve(json(published)),
      Effect.flatMap(Catalog, (catalog) => catalog.latest(agent_type_id)),
    )
    assert.strictEqual(result.id, published.id)
  })
})

describe("the scheduler's client", () => {
  const status = (is_paused: boolean, scope?: Record<string, string>) => ({
    status: is_paused ? "paused" : "running",
    is_paused,
    paused_at: null,
    paused_by: null,
    paused_reason: null,
    resumed_at: null,
    resumed_by: null,
    updated_at: "2026-01-01T00:00:00.000Z",
    running_goals_count: 0,
    pending_goals_count: 0,
    scopes: scope === undefined
      ? []
      : [{ scope, paused_at: "2026-01-01T00:00:00.000Z", paused_by: null, reason: null }],
  })
  const ask = Effect.flatMap(Scheduler, (scheduler) => scheduler.status(hire))

  it("a hire is paused when all, its customer or itself is", async () => {
    const cases: Array<[unknown, string]> = [
      [status(false), "running"],
      [status(true), "paused"],
      [status(false, { customer_id: "acme" }), "paused"],
      [status(false, { hired_instance_id: "HAI-1" }), "paused"],
      [status(false, { customer_id: "another" }), "running"],
      [status(false, { hired_instance_id: "HAI-2" }), "running"],
      [{ broken: true }, "unknown"],
    ]
    for (const [body, expected] of cases) {
      const { result } = await withNeighbours(() => Promise.resolve(json(body)), ask)
      assert.strictEqual(result, expected, JSON.stringify(body))
    }
  })

  it("no answer in 300 ms is unknown", async () => {
    const before = performance.now()
    const { result } = await withNeighbours(() => new Promise(() => {}), ask)
    assert.strictEqual(result, "unknown")
    assert.isBelow(performance.now() - before, 600)
  })
})
