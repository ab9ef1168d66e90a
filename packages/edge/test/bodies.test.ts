/** What any service answers to a body that is too large, too deep, or not what it seems (domain.md, "Bounds"). */
import { Access, Authorization } from "@stint/domain/Caller"
import { defaults } from "@stint/domain/Bounds"
import { documentFaults, own } from "@stint/domain/Documents"
import { faultFields, problem } from "@stint/domain/Problem"
import { BodyLimits, Idempotency, JsonObject, JudgedFirst, RequestProblems, strict } from "@stint/domain/Protocol"
import { middlewares } from "@stint/edge/Handler"
import { IdempotencyRepo } from "@stint/edge/Idempotency/Repo"
import { RateRepo } from "@stint/edge/RateLimit/Repo"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { startService, type TestService } from "../../../tests/support/Service.ts"

class Faulty extends problem<Faulty>()("Faulty", { code: "faulty", status: 409, title: "Faulty" }, {
  missing: faultFields.errors,
  errors_omitted: faultFields.errors_omitted,
}) {}

const Thing = Schema.Struct({
  name: Schema.String,
  list: Schema.optionalKey(Schema.Array(Schema.String)),
  kind: Schema.optionalKey(Schema.Literals(Array.from({ length: 200 }, (_, n) => `a-rather-long-option-${n}`))),
  config: Schema.optionalKey(JsonObject),
})

class ThingsGroup extends HttpApiGroup.make("things").add(
  HttpApiEndpoint.post("make", "/things", { payload: Thing, success: Thing, error: Faulty })
    .annotate(Access, ["customer"])
    .annotate(JudgedFirst, (body, bounds) => documentFaults(own(body, "config"), "$.config", bounds)),
) {}
class ThingsApi extends HttpApi.make("things-api").add(ThingsGroup).prefix("/api/v1")
  .middleware(Idempotency).middleware(BodyLimits).middleware(Authorization).middleware(RequestProblems)
  .annotateMerge(strict) {}

const handlers = HttpApiBuilder.group(
  ThingsApi,
  "things",
  Effect.fn(function* (handlers) {
    return handlers.handleAll({
      make: ({ payload }) =>
        payload.name === "faulty"
          ? Effect.fail(
            new Faulty({
              detail: "x".repeat(5_000),
              missing: Array.from(
                { length: 70 },
                (_, n) => ({ path: `$.${"k".repeat(500)}${n}`, message: "m".repeat(999) }),
              ),
            }),
          )
          : Effect.succeed(payload),
    })
  }),
)

const start = (env: Record<string, string>) =>
  startService(
    HttpApiBuilder.layer(ThingsApi).pipe(
      Layer.provide(handlers),
      Layer.provide(middlewares("things")),
      Layer.provide(Layer.merge(IdempotencyRepo.layerMemory, RateRepo.layerMemory)),
    ) as Layer.Layer<never>,
    env,
  )

describe("a body", () => {
  let service: TestService
  beforeAll(async () => {
    service = await start({})
  })
  afterAll(() => service.dispose())
  const send = (raw: string | object) =>
    service.call("POST", "/api/v1/things", {
      as: "customer:acme",
      raw: typeof raw === "string" ? raw : JSON.stringify(raw),
      headers: { "content-type": "application/json" },
    })
  const refused = async (raw: string | object) => {
    const { json, status } = await send(raw)
    assert.strictEqual(status, 400, JSON.stringify(raw).slice(0, 80))
    assert.strictEqual(json.code, "invalid_request")
    return json as {
      readonly errors: ReadonlyArray<{ readonly path: string; readonly message: string }>
      readonly errors_omitted?: number
    }
  }

  it("A4: names at most 50 faults, and says how many more there are", async () => {
    const unknown = Object.fromEntries(Array.from({ length: 700 }, (_, n) => [`k${n}`, n]))
    const keys = await refused({ name: "a", ...unknown })
    assert.lengthOf(keys.errors, 50)
    assert.strictEqual(keys.errors_omitted, 650)
    assert.deepStrictEqual(keys.errors[0], { path: "$.k0", message: "no such field" })
    const items = await refused({ name: "a", list: Array.from({ length: 5_000 }, () => 1) })
    assert.lengthOf(items.errors, 50)
    assert.strictEqual(items.errors_omitted, 4_950)
    const few = await refused({ name: 1, list: [2] })
    assert.lengthOf(few.errors, 2)
    assert.notProperty(few, "errors_omitted")
  })

  it("A4: a message has at most 300 characters, and so has a path", async () => {
    const [option] = (await refused({ name: "a", kind: "none" })).errors
    assert.match(option!.message, /^must be one of: a-rather-long-option-0, .*…$/)
    assert.lengthOf(option!.message, 300)
    const [key] = (await refused({ name: "a", ["k".repeat(10_000)]: 1 })).errors
    assert.lengthOf(key!.path, 300)
  })

  it("A4: a problem of any endpoint is bounded in the same way", async () => {
    const { json, status } = await send({ name: "faulty" })
    assert.strictEqual(status, 409)
    assert.deepStrictEqual([json.code, json.missing.length, json.errors_omitted], ["faulty", 50, 20])
    assert.lengthOf(json.detail, 1_000)
    assert.lengthOf(json.missing[0].message, 300)
  })

  it("A4: keys, items and depth are judged before anything is built", async () => {
    const bulk = JSON.stringify(Object.fromEntries(Array.from({ length: 90_000 }, (_, n) => [`k${n}`, 1])))
    assert.deepStrictEqual((await refused(bulk)).errors, [
      { path: "$", message: "must have at most 2000 keys (bound object_keys)" },
    ])
    assert.match((await refused(`[${"1,".repeat(400_000)}1]`)).errors[0]!.message, /bound body_values/)
    const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`
    assert.match((await refused(deep)).errors[0]!.message, /must not nest deeper than 64 \(bound body_depth\)/)
  })

  it("A2: a config is judged by its bytes, keys, lists and texts", async () => {
    const faults = async (config: unknown) => (await refused({ name: "a", config })).errors
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, {}]))
    assert.strictEqual((await send({ name: "a", config: { a: { b: keys(998) }, c: "é".repeat(8_192) } })).status, 400)
    assert.strictEqual((await send({ name: "a", config: { a: { b: keys(997) }, c: "é".repeat(8_192) } })).status, 200)
    assert.strictEqual((await send({ name: "a", config: { a: [Array.from({ length: 1_000 }, () => 1)] } })).status, 200)
    assert.deepStrictEqual(await faults({ a: [Array.from({ length: 1_001 }, () => 1)] }), [
      { path: "$.config.a[0]", message: "must have at most 1000 items; it has 1001 (bound list_items)" },
    ])
    assert.deepStrictEqual(await faults({ a: { "b c": `${"é".repeat(8_192)}!` } }), [
      { path: '$.config.a["b c"]', message: "must have at most 16384 bytes; it has 16385 (bound text_bytes)" },
    ])
    assert.deepStrictEqual(await faults({ a: { b: keys(1_000) } }), [
      { path: "$.config", message: "must have at most 1000 keys in all; it has 1002 (bound document_keys)" },
    ])
    const large = await faults(Object.fromEntries(Array.from({ length: 5 }, (_, n) => [n, "x".repeat(16_000)])))
    assert.match(
      large[0]!.message,
      /^must have at most 65536 bytes as canonical JSON; it has 80\d\d\d \(bound document_bytes\)$/,
    )
  })

  it("D7: a number that JSON does not carry exactly is refused with its path, in any place", async () => {
    assert.deepStrictEqual((await refused('{"name":"a","config":{"units":9007199254740993}}')).errors, [{
      path: "$.config.units",
      message:
        "must be a number that JSON carries exactly: a whole number is at most 9007199254740991; send it as text",
    }])
    assert.strictEqual(
      (await refused('{"name":"a","config":{"a":[0,0.10000000000000000001]}}')).errors[0]!.path,
      "$.config.a[1]",
    )
    assert.strictEqual(
      (await refused('{"name":"a","config":{"a":1e400}}')).errors[0]!.message,
      "must be a finite number",
    )
    assert.strictEqual((await send('{"name":"a","config":{"a":9007199254740991,"b":0.1}}')).status, 200)
  })

  it("refuses a key twice, NUL, lone surrogates and what is no JSON, and quotes nothing of it", async () => {
    assert.strictEqual((await refused('{"name":"a","name":"b"}')).errors[0]!.path, "$.name")
    assert.strictEqual((await refused('{"name":"a\\u0000"}')).errors[0]!.path, "$.name")
    assert.strictEqual((await refused('{"name":"\\ud800"}')).errors[0]!.path, "$.name")
    assert.strictEqual((await refused('{"name":"a","\\u0000":1}')).errors[0]!.path, "$")
    for (const text of ["{", '{"name":"s3cret', '{"name":s3cret}', "s3cret", "[s3cret]", '{"name":"a"}s3cret']) {
      const [fault] = (await refused(text)).errors
      assert.match(fault!.message, /^must be JSON: /)
      assert.notInclude(fault!.message, "s3cret")
    }
  })
})

it("A4: bounds are settings", async () => {
  const small = await start({ STINT_BOUNDS: "body_values=3,faults=1,body_bytes=40" })
  const send = async (body: unknown) => (await small.call("POST", "/api/v1/things", { as: "customer:acme", body })).json
  assert.strictEqual(
    (await send({ name: "a", list: [1, 2] })).errors[0].message,
    "must have at most 3 keys and items in all (bound body_values)",
  )
  const two = await send({ name: 1, list: 2 })
  assert.deepStrictEqual([two.errors.length, two.errors_omitted], [1, 1])
  assert.strictEqual((await send({ name: "x".repeat(60) })).code, "body_too_large")
  await small.dispose()
  assert.strictEqual(defaults.body_bytes, 1024 * 1024)
})
