/** The two storages of the catalog: the map does what the table does, and needs no database. */
import type { ActionLine, NewActionLine } from "@stint/domain/ActionLine"
import { type ActionKey, ActionLogRepo } from "@stint/edge/ActionLog/Repo"
import { readable } from "@stint/edge/Paging"
import { assert, describe, it } from "@effect/vitest"
import { AgentTypeId } from "@stint/domain/Ids"
import { shippedDefinitions } from "@stint/domain/Shipped"
import { DateTime, Effect, Layer, Option } from "effect"
import { testDatabase } from "../../../tests/support/Database.ts"
import { ready, startService } from "../../../tests/support/Service.ts"
import { until } from "../../../tests/support/Until.ts"
import { AgentTypesRepo } from "../src/AgentTypes/Repo.ts"
import { App } from "../src/App.ts"

const definition = (type: string, version: string, name?: string) => {
  const [shipped] = shippedDefinitions as [typeof shippedDefinitions[0]]
  const [template, ...others] = shipped.goal_templates
  return {
    ...shipped,
    agent_type_id: AgentTypeId.make(type),
    version,
    ...name === undefined ? {} : { goal_templates: [{ ...template!, name }, ...others] },
  }
}

const storages = {
  "the table": AgentTypesRepo.layer.pipe(
    Layer.provideMerge(ActionLogRepo.layer("catalog_action_log")),
    Layer.provide(testDatabase("catalog")),
  ),
  "the map": AgentTypesRepo.layerMemory.pipe(Layer.provideMerge(ActionLogRepo.layerMemory)),
}

let lines = 0
const line = (): NewActionLine => ({
  log_id: `LOG-${++lines}`,
  action: "publish",
  operator: lines % 2 === 0 ? "olga" : "system",
  action_metadata: {},
})

describe.each(Object.entries(storages))("%s", (_, layer) => {
  it.live("keeps the first content of a version, and finds versions by type and by id", () =>
    Effect.gen(function* () {
      const repo = yield* AgentTypesRepo
      const now = DateTime.makeUnsafe("2026-03-01T09:00:00Z")
      const first = yield* repo.insert(definition("a.v1", "1.0.0"), now, line())
      assert.deepInclude(Option.getOrThrow(first), { id: "a.v1@1.0.0", created_at: now, updated_at: now })
      assert.isTrue(Option.isNone(yield* repo.insert(definition("a.v1", "1.0.0", "Other"), now, line())))
      const find = (version: string) => repo.find({ agent_type_id: "a.v1", version, created_at: now })
      assert.isTrue(Option.isNone(yield* find("2.0.0")))
      assert.deepStrictEqual(yield* find("1.0.0"), first)
      assert.deepStrictEqual(yield* find("1.0.0"), first)
      yield* repo.insert(definition("a.v1", "2.0.0"), now, line())
      yield* repo.insert(definition("b.v1", "1.0.0"), now, line())
      assert.isTrue(Option.isSome(yield* find("2.0.0")), "what was not there is looked for again")
      const keys = (type?: string, version?: string) =>
        Effect.map(repo.keys(type, version), (all) => all.map((key) => `${key.agent_type_id}@${key.version}`).sort())
      assert.deepStrictEqual(yield* keys("a.v1"), ["a.v1@1.0.0", "a.v1@2.0.0"])
      assert.deepStrictEqual(yield* keys("none"), [])
      assert.deepStrictEqual(yield* keys("a.v1", "2.0.0"), ["a.v1@2.0.0"])
      assert.deepStrictEqual(yield* keys("a.v1", "3.0.0"), [])
      assert.deepStrictEqual(yield* keys(), ["a.v1@1.0.0", "a.v1@2.0.0", "b.v1@1.0.0"])
      const key = (agent_type_id: string, version: string) => ({ agent_type_id, version, created_at: now })
      for (const missing of [[key("a.v1", "9.0.0")], [], []]) {
        const found = yield* repo.byKeys([key("b.v1", "1.0.0"), key("a.v1", "1.0.0"), ...missing])
        assert.deepStrictEqual(readable(found).map(({ id }) => id), ["b.v1@1.0.0", "a.v1@1.0.0"])
      }
      assert.deepStrictEqual(readable(yield* repo.byKeys([])), [])
    }).pipe(Effect.provide(layer)))

  it.live("B5: writes a line with a version, and none without; finds the lines by operator, the latest first", () =>
    Effect.gen(function* () {
      const [repo, log] = [yield* AgentTypesRepo, yield* ActionLogRepo]
      const now = DateTime.makeUnsafe("2026-03-01T09:00:00Z")
      const all = [line(), line(), line(), line()]
      for (const [i, one] of all.entries()) {
        yield* repo.insert(definition("a.v1", `1.0.${i}`), now, one)
        yield* repo.insert(definition("a.v1", `1.0.${i}`), now, line())
      }
      const list = (operator: string | undefined, limit: number, after?: ActionKey) =>
        Effect.map(log.list({ operator, after, limit }), readable)
      const ids = (found: ReadonlyArray<ActionLine>) => found.map(({ log_id }) => log_id)
      const found = yield* list(undefined, 10)
      assert.deepStrictEqual(ids(found), all.map(({ log_id }) => log_id).reverse())
      assert.deepStrictEqual(
        found.map(({ goal_instance_id, reason }) => [goal_instance_id, reason]),
        all.map(() => [null, null]),
      )
      const { log_id, timestamp } = found[1]!
      const after: ActionKey = [DateTime.toEpochMillis(timestamp), log_id]
      assert.deepStrictEqual(ids(yield* list(undefined, 1, after)), [found[2]!.log_id])
      const olgas = all.filter(({ operator }) => operator === "olga").map(({ log_id }) => log_id).reverse()
      assert.deepStrictEqual(ids(yield* list("olga", 10)), olgas)
    }).pipe(Effect.provide(layer)))
})

it("with USE_AGENT_TYPE_DB=false the catalog needs no database, and replays an Idempotency-Key", async () => {
  const catalog = await startService(App, { USE_AGENT_TYPE_DB: "false" })
  await ready(catalog)
  const send = {
    as: "operator:olga",
    body: definition("gardening.v1", "1.0.0"),
    headers: { "idempotency-key": "k-1" },
  } as const
  const made = await catalog.call("POST", "/api/v1/agent-types", send)
  const again = await catalog.call("POST", "/api/v1/agent-types", send)
  assert.deepStrictEqual([made.status, again.status, again.json], [201, 201, made.json])
  assert.strictEqual(again.headers.get("idempotency-replayed"), "true")
  const log = await catalog.call("GET", "/api/v1/catalog/actions", { as: "viewer:vera" })
  assert.sameMembers(
    log.json.items.map((l: { action: string; operator: string }) => `${l.operator} ${l.action}`),
    ["olga publish", ...shippedDefinitions.map(() => "system publish")],
  )
  const list = await catalog.call("GET", "/api/v1/agent-types", { as: "customer:acme" })
  assert.sameMembers(
    list.json.items.map((one: { agent_type_id: string }) => one.agent_type_id),
    ["gardening.v1", ...shippedDefinitions.map((one) => one.agent_type_id)],
  )
  await catalog.dispose()
})

it("publishes the types that models write where STINT_MODELS has their models, so that the latest can always run", async () => {
  const model = {
    provider: "anthropic",
    base_url: "http://127.0.0.1:1/v1",
    model: "m",
    price_per_million_in: 0,
    price_per_million_out: 0,
  }
  const latestWith = async (models: string | undefined) => {
    const env = { USE_AGENT_TYPE_DB: "false", ...(models === undefined ? {} : { STINT_MODELS: "models.json" }) }
    const catalog = await startService(App, env, models === undefined ? {} : { "models.json": models })
    await ready(catalog)
    const { json } = await catalog.call("GET", "/api/v1/agent-types/marketing.healthcare.v1", { as: "viewer:vera" })
    await catalog.dispose()
    return json.version
  }
  assert.strictEqual(await latestWith(undefined), "1.0.0")
  assert.strictEqual(await latestWith(JSON.stringify({ painter: model })), "1.0.0")
  assert.strictEqual(await latestWith(JSON.stringify({ writer: model })), "1.1.0")
  const refused = await startService(App, { USE_AGENT_TYPE_DB: "false", STINT_MODELS: "models.json" }, {
    "models.json": "{",
  })
  await until("it refuses to start", () => refused.refusal() !== undefined)
  assert.strictEqual(refused.refusal(), "STINT_MODELS names a file that is not JSON")
  await refused.dispose()
})
