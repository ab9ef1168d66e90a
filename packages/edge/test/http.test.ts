/** What the edge does for every service: who calls, how often a request happens, what a failure looks like. */
import { Access, Authorization, CurrentCaller } from "@stint/domain/Caller"
import { BodyLimits, Idempotency, IdempotencyHeader, RateLimits, RequestProblems, strict } from "@stint/domain/Protocol"
import { middlewares } from "@stint/edge/Handler"
import { IdempotencyRepo } from "@stint/edge/Idempotency/Repo"
import { Ids } from "@stint/edge/Ids"
import * as Pg from "@stint/edge/Pg"
import { RateRepo } from "@stint/edge/RateLimit/Repo"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { SignJWT } from "jose"
import { withDatabase } from "../../../tests/support/Database.ts"
import { startService, type TestService, token } from "../../../tests/support/Service.ts"
import { until } from "../../../tests/support/Until.ts"

const Made = Schema.Struct({ id: Schema.String, by: Schema.String })
class ThingsGroup extends HttpApiGroup.make("things").add(
  HttpApiEndpoint.post("make", "/things", {
    headers: IdempotencyHeader,
    payload: Schema.Struct({ name: Schema.String }),
    success: Made,
  }).annotate(Access, ["customer"]),
  HttpApiEndpoint.get("get", "/things/:id", { params: { id: Schema.String }, success: Made })
    .annotate(Access, ["customer", "viewer"]),
) {}
class ThingsApi extends HttpApi.make("things-api").add(ThingsGroup).prefix("/api/v1")
  .middleware(Idempotency).middleware(BodyLimits).middleware(RateLimits).middleware(Authorization).middleware(
    RequestProblems,
  )
  .annotateMerge(strict) {}

for (const mode of ["memory", "postgres"] as const) {
  describe(`the edge on ${mode}`, () => {
    let service: TestService
    let release = async () => {}
    let made = 0
    let gate: Effect.Effect<void> = Effect.void
    beforeAll(async () => {
      const env: Record<string, string> = {}
      if (mode === "postgres") {
        const database = await withDatabase("catalog")
        env.CATALOG_DATABASE_URL = database.url
        release = database.release
      }
      const handlers = HttpApiBuilder.group(
        ThingsApi,
        "things",
        Effect.fn(function* (handlers) {
          const ids = yield* Ids
          return handlers.handleAll({
            make: ({ payload }) =>
              Effect.gen(function* () {
                const id = yield* ids.next("THG")
                made++
                yield* gate
                if (payload.name === "bug") return yield* Effect.die(new Error("secret inside"))
                return { id, by: (yield* CurrentCaller).subject }
              }),
            get: ({ params }) => Effect.map(CurrentCaller, ({ subject }) => ({ id: params.id, by: subject })),
          })
        }),
      )
      service = await startService(
        HttpApiBuilder.layer(ThingsApi).pipe(
          Layer.provide(handlers),
          Layer.provide(middlewares("things")),
          Layer.provide(
            mode === "memory"
              ? Layer.merge(IdempotencyRepo.layerMemory, RateRepo.layerMemory)
              : Layer.merge(IdempotencyRepo.layer, RateRepo.layer).pipe(Layer.provide(Pg.layer("catalog"))),
          ),
        ) as Layer.Layer<never>,
        env,
      )
    })
    afterAll(async () => {
      await service.dispose()
      await release()
    })
    const make = (name: string, key?: string, as: "customer:acme" | "customer:beta" = "customer:acme") =>
      service.call("POST", "/api/v1/things", {
        as,
        body: { name },
        ...(key === undefined ? {} : { headers: { "idempotency-key": key } }),
      })
    const withToken = (value: string) =>
      service.call("GET", "/api/v1/things/1", { headers: { authorization: `Bearer ${value}` } })

    it("takes only tokens that verify, hold, and say who in which role", async () => {
      assert.strictEqual((await withToken(await token("customer", "acme"))).status, 200)
      const good = await token("customer", "acme")
      const [head, body, signature] = good.split(".")
      const forged = btoa(JSON.stringify({ sub: "acme", role: "operator", aud: "stint", exp: 4e9 })).replaceAll("=", "")
      const none = `${btoa('{"alg":"none"}').replaceAll("=", "")}.${forged}.`
      const symmetric = await new SignJWT({ role: "operator" }).setProtectedHeader({ alg: "HS256" }).setSubject("a")
        .setAudience("stint").setExpirationTime("1h").sign(new TextEncoder().encode("x".repeat(32)))
      const cases = {
        garbage: "x",
        forged: `${head}.${forged}.${signature}`,
        cut: `${head}.${body}`,
        none,
        symmetric,
        expired: await token("customer", "acme", {}, Math.floor(Date.now() / 1000) - 60),
        "no role of ours": await token("root" as never, "acme"),
        "a subject that is none": await token("customer", "a b"),
      }
      for (const [what, value] of Object.entries(cases)) {
        const answer = await withToken(value)
        assert.strictEqual(answer.status, 401, what)
        assert.strictEqual(answer.json.code, "unauthorized", what)
      }
      assert.strictEqual((await service.call("GET", "/api/v1/things/1", { as: "operator:olga" })).status, 403)
    })

    it("a role is refused before the body is read", async () => {
      const answer = await service.call("POST", "/api/v1/things", { as: "viewer:vera", raw: "{" })
      assert.strictEqual(answer.status, 403)
      assert.deepStrictEqual(answer.json.allowed_roles, ["customer"])
    })

    it("a key is its caller's own; a reply is kept, a refusal is not", async () => {
      const first = await make("a", "k1")
      assert.deepStrictEqual((await make("a", "k1")).json, first.json)
      assert.notStrictEqual((await make("a", "k1", "customer:beta")).json.id, first.json.id)
      const bad = await service.call("POST", "/api/v1/things", {
        as: "customer:acme",
        body: { nam: "a" },
        headers: { "idempotency-key": "k2" },
      })
      assert.strictEqual(bad.status, 400)
      assert.deepStrictEqual(bad.json.errors.map((e: { path: string }) => e.path).sort(), ["$.nam", "$.name"])
      assert.strictEqual((await make("a", "k2")).status, 200)
    })

    it("a repeat of a request that is under way is told so; both happen once", async () => {
      const opened = Deferred.makeUnsafe<void>()
      gate = Deferred.await(opened)
      const before = made
      const first = make("slow", "k3")
      await until("the first request is under way", () => made > before)
      const second = await make("slow", "k3")
      assert.strictEqual(second.json.code, "idempotency_in_flight")
      assert.strictEqual(second.headers.get("retry-after"), "1")
      await Effect.runPromise(Deferred.succeed(opened, undefined))
      gate = Effect.void
      const answer = await first
      assert.strictEqual(answer.status, 200)
      assert.deepStrictEqual((await make("slow", "k3")).json, answer.json)
      assert.strictEqual(made, before + 1)
    })

    it("a request whose first try broke is handled again under the same ids", async () => {
      const seen: Array<string> = []
      gate = Effect.die(new Error("the process dies here"))
      const broken = await make("again", "k4")
      assert.strictEqual(broken.status, 500)
      gate = Effect.void
      seen.push((await make("again", "k4")).json.id)
      assert.match(seen[0]!, /^THG-[0-9a-f]{8}-[0-9a-f]{4}-7/)
      assert.strictEqual((await make("again", "k4")).json.id, seen[0])
    })

    it("a defect says nothing of the inside", async () => {
      const answer = await make("bug")
      assert.strictEqual(answer.status, 500)
      assert.strictEqual(answer.json.code, "internal_error")
      assert.notInclude(JSON.stringify(answer.json), "secret")
      assert.strictEqual(answer.json.request_id, answer.headers.get("x-request-id"))
    })

    it("a body that ends early is the caller's fault, and no bug of ours", async () => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
      const writer = writable.getWriter()
      const answer = service.fetch(
        new Request("http://stint.test/api/v1/things", {
          method: "POST",
          headers: {
            authorization: `Bearer ${await token("customer", "acme")}`,
            "content-type": "application/json",
          },
          body: readable,
        }),
      )
      await writer.write(new TextEncoder().encode('{"na'))
      await writer.abort(new Error("gone"))
      const response = await answer
      assert.strictEqual(response.status, 400)
      assert.strictEqual(((await response.json()) as { code: string }).code, "invalid_request")
    })

    it("a refusal says what to do, whoever makes it", async () => {
      for (const path of ["/nowhere", "/api/v1/things/%00", "/api/v1/things/1?x=%ff"]) {
        const answer = await service.call("GET", path, { as: "viewer:v" })
        assert.isAbove(answer.json.detail.length, 10, path)
      }
      const none = await service.call("GET", "/api/v1/things/1")
      assert.strictEqual(none.headers.get("www-authenticate"), "Bearer")
      for (const key of ['""', '"', "a b"]) assert.strictEqual((await make("a", key)).status, 400, key)
    })

    it("a request id that can be logged is kept, another is replaced", async () => {
      const send = (id: string) =>
        service.call("GET", "/api/v1/things/1", { as: "viewer:v", headers: { "x-request-id": id } })
      assert.strictEqual((await send("abc-1")).headers.get("x-request-id"), "abc-1")
      assert.match((await send("a b")).headers.get("x-request-id")!, /^req-/)
    })

    it("the wrong method and an unknown path are problems too", async () => {
      const method = await service.call("PATCH", "/api/v1/things/1", { as: "viewer:v" })
      assert.isTrue(method.status === 404 || method.status === 405)
      assert.isString(method.json.code)
    })
  })
}
