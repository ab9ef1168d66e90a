/** What the edge makes of requests that are odd, too many, or conditional. */
import { Access, Authorization, Callers } from "@stint/domain/Caller"
import { BodyLimits, Idempotency, IdempotencyHeader, RateLimits, RequestProblems, strict } from "@stint/domain/Protocol"
import { middlewares } from "@stint/edge/Handler"
import { IdempotencyRepo, type Prints } from "@stint/edge/Idempotency/Repo"
import * as Pg from "@stint/edge/Pg"
import { RateRepo } from "@stint/edge/RateLimit/Repo"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, ManagedRuntime, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { withDatabase } from "../../../tests/support/Database.ts"
import { startService, type TestService } from "../../../tests/support/Service.ts"
import { until } from "../../../tests/support/Until.ts"

class ThingsGroup extends HttpApiGroup.make("things").add(
  HttpApiEndpoint.post("make", "/things/:id", {
    params: { id: Schema.String },
    query: { a: Schema.optionalKey(Schema.String), b: Schema.optionalKey(Schema.String) },
    headers: IdempotencyHeader,
    payload: Schema.Record(Schema.String, Schema.Json),
    success: Schema.Struct({ made: Schema.Int }),
  }).annotate(Access, ["customer"]),
  HttpApiEndpoint.get("get", "/things/:id", { params: { id: Schema.String }, success: Schema.Struct({}) })
    .annotate(Access, ["customer", "operator", "service"]).annotate(Callers, ["scheduler"]),
) {}
class ThingsApi extends HttpApi.make("odd-things").add(ThingsGroup).prefix("/api/v1")
  .middleware(Idempotency).middleware(BodyLimits).middleware(RateLimits).middleware(Authorization)
  .middleware(RequestProblems).annotateMerge(strict)
  .annotateMerge(OpenApi.annotations({ title: "Stint things" })) {}

let made = 0
const handlers = HttpApiBuilder.group(
  ThingsApi,
  "things",
  Effect.fn(function* (handlers) {
    yield* Effect.void
    return handlers.handleAll({
      make: () => Effect.sync(() => ({ made: ++made })),
      get: () => Effect.succeed({}),
    })
  }),
)
const start = (env: Record<string, string>, storage: Layer.Layer<IdempotencyRepo | RateRepo, unknown, never>) =>
  startService(
    HttpApiBuilder.layer(ThingsApi, { openapiPath: "/openapi.json" }).pipe(
      Layer.provide(handlers),
      Layer.provide(middlewares("things")),
      Layer.provide(storage),
    ) as Layer.Layer<never>,
    env,
  )
const inMemory = Layer.merge(IdempotencyRepo.layerMemory, RateRepo.layerMemory)
const onPostgres = Layer.merge(IdempotencyRepo.layer, RateRepo.layer).pipe(
  Layer.provide(Pg.layer("catalog")),
) as Layer.Layer<IdempotencyRepo | RateRepo>

describe("a request", () => {
  let service: TestService
  beforeAll(async () => void (service = await start({}, inMemory)))
  afterAll(() => service.dispose())

  it("D4: with a Host that is none is 400, with a name or an address it is answered", async () => {
    const ask = (host: string) => service.call("GET", "/livez", { headers: { host } })
    for (const host of ["a b/..@x", "a/b", "a?b#c", "u:p@a", "a\\b", "[::1", "a:b", "é", "a:1:2", "%zz"]) {
      const answer = await ask(host)
      assert.deepStrictEqual([answer.status, answer.json.code], [400, "invalid_request"], host)
    }
    for (const host of ["a", "a.example:4101", "127.0.0.1:1", "[::1]:4101", "a_b", "", "a:"]) {
      assert.strictEqual((await ask(host)).status, 200, host)
    }
  })

  it("D8: with a coded body, or one in another charset, is 415 and told what would do", async () => {
    const send = (headers: Record<string, string>) =>
      service.call("POST", "/api/v1/things/1", { as: "customer:acme", raw: "{}", headers })
    for (
      const headers of [
        { "content-encoding": "gzip" },
        { "content-encoding": "identity, gzip" },
        { "content-type": "application/json; charset=latin1" },
        { "content-type": "text/plain" },
      ]
    ) {
      const answer = await send(headers as Record<string, string>)
      assert.deepStrictEqual([answer.status, answer.json.code], [415, "unsupported_media_type"])
      assert.strictEqual(answer.headers.get("accept-encoding"), "identity")
      assert.strictEqual(answer.headers.get("accept"), "application/json")
    }
    assert.strictEqual((await send({ "content-encoding": "identity" })).status, 200)
    assert.strictEqual((await send({ "content-type": 'application/json;Charset="UTF-8"' })).status, 200)
  })

  it("D9: with a method that the path does not have is 405 with Allow; OPTIONS says which it has", async () => {
    for (
      const [path, methods] of [
        ["/api/v1/things/1", "GET, HEAD, OPTIONS, POST"],
        ["/livez", "GET, HEAD, OPTIONS"],
        ["/metrics", "GET, HEAD, OPTIONS"],
      ] as const
    ) {
      const wrong = await service.call("PATCH", path, { as: "customer:acme" })
      assert.deepStrictEqual([wrong.status, wrong.json.code], [405, "method_not_allowed"], path)
      assert.strictEqual(wrong.headers.get("allow"), methods)
      const asked = await service.call("OPTIONS", path, { headers: { origin: "https://a.example" } })
      assert.deepStrictEqual([asked.status, asked.json, asked.headers.get("allow")], [204, "", methods])
      assert.isNull(asked.headers.get("access-control-allow-origin"))
    }
    for (const method of ["PATCH", "OPTIONS"]) {
      assert.strictEqual((await service.call(method, "/api/v1/nothing/at/all")).status, 404)
    }
    assert.strictEqual((await service.call("HEAD", "/api/v1/things/1", { as: "customer:acme" })).status, 200)
  })

  it("D10: with If-Match for what has no ETag is 412, and with one that is none 400", async () => {
    const send = async (match: string) => {
      const before = made
      const answer = await service.call("POST", "/api/v1/things/1", {
        as: "customer:acme",
        body: {},
        headers: { "if-match": match },
      })
      return [answer.status, made - before]
    }
    assert.deepStrictEqual(await send('"stale"'), [412, 0])
    assert.deepStrictEqual(await send("stale"), [400, 0])
    assert.deepStrictEqual(await send("*"), [200, 1])
  })
})

for (const mode of ["memory", "postgres"] as const) {
  describe(`keys and rates on ${mode}`, () => {
    const env: Record<string, string> = {}
    let release = async () => {}
    let runtime: ManagedRuntime.ManagedRuntime<IdempotencyRepo | RateRepo, unknown>
    const storage = mode === "memory" ? inMemory : onPostgres
    beforeAll(async () => {
      if (mode === "postgres") {
        const database = await withDatabase("catalog")
        env.CATALOG_DATABASE_URL = database.url
        release = database.release
      }
      runtime = ManagedRuntime.make(
        storage.pipe(Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(env)))),
      )
    })
    afterAll(async () => {
      await runtime.dispose()
      await release()
    })

    it("D5: the same request is the same however it is written, another is not", async () => {
      const service = await start(env, storage)
      const send = async (path: string, raw: string, key = "k-canonical") => {
        const answer = await service.call("POST", `/api/v1/things/${path}`, {
          as: "customer:acme",
          raw,
          headers: { "idempotency-key": key },
        })
        return [answer.status, answer.json.made ?? answer.json.code]
      }
      const first = await send("a%2Fb?a=1&b=%C3%A9", '{"x":1,"y":{"p":[1,2],"q":"é"}}')
      assert.strictEqual(first[0], 200)
      const same = [
        ["a%2fb?b=%c3%a9&a=1", '{ "y": {"q": "\\u00e9", "p": [1.0, 2e0]}, "x": 1 }'],
        ["%61%2Fb?a=%31&b=é", '{"y":{"p":[1,2],"q":"é"},"x":1}'],
      ]
      for (const [path, raw] of same) assert.deepStrictEqual(await send(path!, raw!), first, path)
      const others = [
        ["a%2Fb?a=1&b=%C3%A9", '{"x":1,"y":{"p":[2,1],"q":"é"}}'],
        ["a%2Fb?a=1&b=e", '{"x":1,"y":{"p":[1,2],"q":"é"}}'],
        ["a%2Fc?a=1&b=%C3%A9", '{"x":1,"y":{"p":[1,2],"q":"é"}}'],
      ]
      for (const [path, raw] of others) {
        assert.deepStrictEqual(await send(path!, raw!), [422, "idempotency_mismatch"], path)
      }
      await service.dispose()
    })

    it("C14: who outlasted its reservation touches nothing of its successor", async () => {
      const scope = { caller: "customer:acme", route: `POST /${mode}`, key: "k" }
      const prints: Prints = { sent: "s", canonical: "c" }
      const repo = await runtime.runPromise(IdempotencyRepo)
      const run = <A>(effect: Effect.Effect<A>) => runtime.runPromise(effect)
      const reserved = async () => {
        const reservation = await run(repo.reserve(scope, prints))
        if (reservation._tag !== "Reserved") throw new Error(reservation._tag)
        return { ...scope, holder: reservation.holder }
      }
      const late = await reserved()
      await run(repo.release(late, false))
      const successor = await reserved()
      await run(repo.release(late, true))
      await run(repo.renew(late))
      await run(repo.keep(late, { status: 200, location: null, body: "late" }))
      assert.strictEqual((await run(repo.reserve(scope, prints)))._tag, "InFlight")
      await run(repo.keep(successor, { status: 200, location: null, body: "mine" }))
      await run(repo.release(late, true))
      await run(repo.release(successor, true))
      const repeat = await run(repo.reserve(scope, prints))
      assert.deepStrictEqual(repeat, { _tag: "Replay", reply: { status: 200, location: null, body: "mine" } })
    })

    it("A5: a bucket gives what it holds, refills, and is never overdrawn by several at once", async () => {
      const repo = await runtime.runPromise(RateRepo)
      const limit = { perSecond: 0.001, burst: 30 }
      const grants = await Promise.all(
        Array.from({ length: 8 }, () => runtime.runPromise(repo.take(`b-${mode}`, limit, 7))),
      )
      assert.strictEqual(grants.reduce((sum, { granted }) => sum + granted, 0), 30)
      const refilled = { perSecond: 1e6, burst: 30 }
      await until("it is full again", async () => {
        const { granted } = await runtime.runPromise(repo.take(`b-${mode}`, refilled, 40))
        return granted === 30
      })
    })

    it("A5: two replicas together serve a burst, and then 429 with Retry-After", async () => {
      const bounds = { STINT_BOUNDS: "requests_per_second=1,request_burst=40" }
      const shared = mode === "memory"
        ? Layer.merge(IdempotencyRepo.layerMemory, Layer.succeed(RateRepo, await runtime.runPromise(RateRepo)))
        : storage
      const replicas = await Promise.all([1, 2].map(() => start({ ...env, ...bounds }, shared)))
      // connections are there: a cold one may take longer than a replica waits for its tokens
      await Promise.all(replicas.map((one) => one.call("GET", "/api/v1/things/1", { as: "operator:otto" })))
      const began = performance.now()
      const answers = []
      for (let n = 0; n < 120; n++) {
        answers.push(await replicas[n % 2]!.call("GET", "/api/v1/things/1", { as: "customer:hasty" }))
      }
      const gained = Math.ceil((performance.now() - began) / 1000)
      const served = answers.filter(({ status }) => status === 200)
      assert.isAtLeast(served.length, 40)
      assert.isAtMost(served.length, 40 + gained)
      assert.strictEqual(served[0]!.headers.get("ratelimit-policy"), '"customer";q=40;w=40')
      assert.match(served[0]!.headers.get("ratelimit")!, /^"customer";r=39;t=1$/)
      const refused = answers.filter(({ status }) => status === 429)
      assert.strictEqual(served.length + refused.length, 120)
      assert.strictEqual(refused[0]!.json.code, "rate_limited")
      assert.match(refused[0]!.json.detail, /requests_per_second/)
      assert.match(refused[0]!.headers.get("retry-after")!, /^[1-9]\d*$/)
      assert.match(refused[0]!.headers.get("ratelimit")!, /^"customer";r=0;t=\d+$/)
      for (const as of ["customer:other", "operator:olga"] as const) {
        assert.strictEqual((await replicas[0]!.call("GET", "/api/v1/things/1", { as })).status, 200)
      }
      const service = await replicas[0]!.call("GET", "/api/v1/things/1", { as: "service:scheduler" })
      assert.deepStrictEqual([service.status, service.headers.get("ratelimit")], [200, null])
      await Promise.all(replicas.map((replica) => replica.dispose()))
    })
  })
}
