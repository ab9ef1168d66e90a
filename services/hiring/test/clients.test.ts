/** The catalog and the scheduler as hiring calls them: what is cached, and how their answers and silences are read. */
import { shippedDefinitions } from "@stint/domain/Shipped"
import { definitionId } from "@stint/domain/Definition"
import { CustomerId, HiredInstanceId } from "@stint/domain/Ids"
import { Files } from "@stint/edge/Files"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Deferred, Effect, Fiber, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { Clients } from "../src/App.ts"
import { Catalog, Scheduler } from "../src/Clients.ts"

/** A neighbour's answer to the n-th request, from 0. */
type Serve = (n: number) => Promise<Response>

/** The result with neighbours that answer so, the paths that were asked for, the first request's authorization. */
const withClients = <A, E>(serve: Serve, use: Effect.Effect<A, E, Catalog | Scheduler>) =>
  Effect.gen(function* () {
    const asked: Array<Request> = []
    const fetch = ((input: string | URL | Request, init?: RequestInit) => {
      const request = new Request(input, init)
      asked.push(request)
      const aborted = new Promise<never>((_, reject) =>
        request.signal.addEventListener("abort", () => reject(request.signal.reason))
      )
      return Promise.race([serve(asked.length - 1), aborted])
    }) as typeof globalThis.fetch
    const layer = Clients.pipe(Layer.provide([
      Layer.succeed(
        Files,
        Files.of({
          read: () => Effect.succeed("token-1\n"),
          readFrom: () => Effect.succeed(new Uint8Array()),
          appendLine: () => Effect.void,
        }),
      ),
      ConfigProvider.layer(ConfigProvider.fromEnvRecord({
        CATALOG_URL: "http://catalog.test",
        SCHEDULER_URL: "http://scheduler.test",
        STINT_SERVICE_TOKEN_FILE: "token",
      })),
    ]))
    const result = yield* use.pipe(Effect.provide(layer), Effect.provideService(FetchHttpClient.Fetch, fetch))
    return {
      result,
      paths: asked.map(({ url }) => new URL(url).pathname),
      authorization: asked[0]?.headers.get("authorization"),
    }
  })

/** With neighbours that never answer: the result of `use`, and whether it was there before `limit` (ms) was over. */
const withSilence = <A, E>(limit: number, use: Effect.Effect<A, E, Catalog | Scheduler>) =>
  Effect.gen(function* () {
    const asked = yield* Deferred.make<void>()
    const serve = () => {
      Deferred.doneUnsafe(asked, Effect.void)
      return new Promise<Response>(() => {})
    }
    const calling = yield* Effect.forkChild(withClients(serve, use))
    yield* Deferred.await(asked)
    yield* TestClock.adjust(limit - 1)
    const isEarly = calling.pollUnsafe() !== undefined
    yield* TestClock.adjust(1)
    return { isEarly, result: (yield* Fiber.join(calling)).result }
  })

const json = (body: unknown, status = 200) =>
  Promise.resolve(
    new Response(JSON.stringify(body), {
      status,
      headers: { "content-type": status < 400 ? "application/json" : "application/problem+json" },
    }),
  )

const [shipped] = shippedDefinitions
const published = {
  ...shipped,
  id: definitionId(shipped!),
  created_at: "2026-01-01T00:00:00.000Z",
  updated_at: "2026-01-01T00:00:00.000Z",
}
const { agent_type_id, version } = shipped!
const path = `/api/v1/agent-types/${agent_type_id}`
const hire = { hired_instance_id: HiredInstanceId.make("HAI-1"), customer_id: CustomerId.make("acme") }
const latest = Effect.flatMap(Catalog, (catalog) => catalog.latest(agent_type_id))
const pinned = Effect.flatMap(Catalog, (catalog) => catalog.version(agent_type_id, version))

describe("the catalog's client", () => {
  it.live("A4: a burst that asks for the latest of a type is one call, and the next one asks anew", () =>
    Effect.gen(function* () {
      const burst = Effect.all(Array.from({ length: 50 }, () => latest), { concurrency: "unbounded" })
      const { paths, result } = yield* withClients(() => json(published), Effect.all([burst, latest]))
      assert.deepStrictEqual(paths, [path, path])
      assert.strictEqual(new Set([...result[0], result[1]]).size, 1)
    }))

  it.live("asks for the latest each time and for a version once, and gives one object for both", () =>
    Effect.gen(function* () {
      const { authorization, paths, result } = yield* withClients(
        () => json(published),
        Effect.all([latest, pinned, latest, pinned]),
      )
      assert.deepStrictEqual(paths, [path, path])
      assert.strictEqual(authorization, "Bearer token-1")
      assert.strictEqual(new Set(result).size, 1)
    }))

  it.live("asks once whether there is a type, unless it could not be told", () =>
    Effect.gen(function* () {
      const known = Effect.flatMap(Catalog, (catalog) => catalog.known(agent_type_id))
      const { paths, result } = yield* withClients(
        (n) => n < 2 ? Promise.reject(new TypeError("connection refused")) : json(published),
        Effect.all([Effect.flip(known), known, known]),
      )
      assert.strictEqual(result[0].code, "unavailable")
      assert.deepStrictEqual(paths, [path, path, path])
    }))

  it.live("asks once for a version that is wanted many times at once", () =>
    Effect.gen(function* () {
      const { paths, result } = yield* withClients(
        () => json(published),
        Effect.all(Array.from({ length: 10 }, () => pinned), { concurrency: "unbounded" }),
      )
      assert.deepStrictEqual(paths, [path])
      assert.strictEqual(new Set(result).size, 1)
    }))

  it.live("does not cache a failure", () =>
    Effect.gen(function* () {
      const { paths, result } = yield* withClients(
        (n) => n < 2 ? Promise.reject(new TypeError("connection refused")) : json(published),
        Effect.all([Effect.flip(pinned), pinned]),
      )
      assert.deepStrictEqual([result[0].code, result[1].id], ["unavailable", published.id])
      assert.deepStrictEqual(paths, [path, path, path])
    }))

  it.live("an unknown type is not found; what can name no type or version is not asked for", () =>
    Effect.gen(function* () {
      const unknown = {
        type: "urn:stint:problem:agent_type_not_found",
        title: "x",
        status: 404,
        code: "agent_type_not_found",
      }
      const names = ["no.such", "..", ".", "", "a/b", "x".repeat(200), `${agent_type_id}@${version}`]
      const { paths, result } = yield* withClients(
        () => json(unknown, 404),
        Effect.gen(function* () {
          const catalog = yield* Catalog
          const failures = yield* Effect.forEach(names, (name) => Effect.flip(catalog.latest(name)))
          const versions = ["not a version", `1@${version}`]
          return [
            ...failures,
            ...yield* Effect.forEach(versions, (one) => Effect.flip(catalog.version(agent_type_id, one))),
          ]
        }),
      )
      assert.deepStrictEqual(
        result.map(({ code, status }) => [status, code]),
        Array(9).fill([404, "agent_type_not_found"]),
      )
      assert.deepStrictEqual(paths, ["/api/v1/agent-types/no.such"])
    }))

  it.live("a failure, an answer that does not decode and a refused connection are unavailable", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<Serve> = [
        () => json({ status: 500 }, 500),
        () => json({ not: "an agent type" }),
        () => Promise.reject(new TypeError("connection refused")),
      ]
      for (const serve of cases) {
        const { result } = yield* withClients(serve, Effect.flip(latest))
        assert.deepStrictEqual([result.status, result.code], [503, "unavailable"])
      }
    }))

  it.effect("no answer within 2 seconds is unavailable", () =>
    Effect.gen(function* () {
      const { isEarly, result } = yield* withSilence(2_000, Effect.flip(latest))
      assert.isFalse(isEarly)
      assert.deepStrictEqual([result.status, result.code], [503, "unavailable"])
    }))

  it.live("a call on a connection that was closed is tried once more", () =>
    Effect.gen(function* () {
      const { result } = yield* withClients(
        (n) => n === 0 ? Promise.reject(new TypeError("connection closed")) : json(published),
        latest,
      )
      assert.strictEqual(result.id, published.id)
    }))
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

  it.live("a hire is paused when everything, its customer or the hire itself is", () =>
    Effect.gen(function* () {
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
        assert.strictEqual((yield* withClients(() => json(body), ask)).result, expected, JSON.stringify(body))
      }
    }))

  it.effect("no answer within 300 ms is unknown", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* withSilence(300, ask), { isEarly: false, result: "unknown" })
    }))
})
