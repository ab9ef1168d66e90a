/** Limits over HTTP; fairness.test.ts has how a claim enforces them. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { eventually, made, startScheduler, type TestScheduler } from "./Harness.ts"

describe("limits", () => {
  let t: TestScheduler
  beforeAll(async () => {
    t = await startScheduler()
  })
  afterAll(() => t.stop())
  const put = (body: object, as: "operator:olga" | "viewer:vera" | "customer:acme" = "operator:olga") =>
    t.call("PUT", "/limits", { body: { reason: "fair shares", ...body }, as })

  it("are set, listed page by page, replaced and removed; each change is logged with the limit before", async () => {
    await t.arrived(t.hire({ customer_id: "lola" as never }))
    const scopes = [{ agent_id: "sorting.v1" }, { customer_id: "lola" }, { every: "agent_type" }]
    for (const scope of scopes) assert.strictEqual((await put({ scope, max_running: 4 })).status, 200)
    const listed = []
    for (let cursor: string | null = ""; cursor !== null;) {
      const { json } = await t.call("GET", `/limits?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`)
      assert.isAtMost(json.items.length, 2)
      listed.push(...json.items)
      cursor = json.next_cursor
    }
    assert.deepStrictEqual(
      listed.map(({ max_running, scope, set_by }) => ({ scope, max_running, set_by })),
      scopes.map((scope) => ({ scope, max_running: 4, set_by: "olga" })),
    )
    const changed = await put({ scope: scopes[1], max_running: 7, reason: "they pay for it" })
    assert.strictEqual(changed.json.max_running, 7)
    const gone = await put({ scope: scopes[1], max_running: null })
    assert.deepStrictEqual([gone.status, gone.json.max_running], [200, null])
    for (const scope of [scopes[0], scopes[2]]) await put({ scope, max_running: null })
    assert.deepStrictEqual((await t.call("GET", "/limits")).json.items, [])
    const log = (await t.call("GET", "/actions")).json.items.filter((
      line: { action: string; action_metadata: { scope?: { customer_id?: string } } },
    ) => line.action === "limit" && line.action_metadata.scope?.customer_id === "lola")
    assert.deepStrictEqual(
      log.map((line: { action_metadata: unknown; reason: unknown }) => [line.action_metadata, line.reason]),
      [
        [{ scope: scopes[1], max_running: null, was: 7 }, "fair shares"],
        [{ scope: scopes[1], max_running: 7, was: 4 }, "they pay for it"],
        [{ scope: scopes[1], max_running: 4, was: null }, "fair shares"],
      ],
    )
  })

  it("of the subject * are refused: that is what `every` says", async () => {
    for (const scope of [{ agent_id: "*" }, { customer_id: "*" }]) {
      const answer = await put({ scope, max_running: 4 })
      assert.strictEqual(answer.status, 400)
      assert.strictEqual(answer.json.errors[0].path, `$.scope.${Object.keys(scope)[0]}`)
    }
  })

  it("bind from the next claim on, and end at once", async () => {
    let most = 0
    let running = 0
    t.answer((runs) =>
      Effect.gen(function* () {
        running += runs.length
        most = Math.max(most, running)
        yield* Effect.sleep(20)
        running -= runs.length
        return runs.map(made)
      })
    )
    const hire = t.hire({ customer_id: "bolt" as never })
    await t.arrived(hire)
    assert.strictEqual((await put({ scope: { customer_id: "bolt" }, max_running: 2 })).status, 200)
    const goals = Array.from({ length: 12 }, () => t.goal(hire.hired_instance_id))
    for (const goal of goals) t.request(goal)
    const completed = () => t.call("GET", `/runs?hired_instance_id=${hire.hired_instance_id}&status=completed`)
    await eventually(completed, (a) => a.json.items.length >= 6, "half of them are completed")
    assert.isAtMost(most, 2)
    await put({ scope: { customer_id: "bolt" }, max_running: null })
    await eventually(completed, (a) => a.json.items.length === 12, "all of them are completed")
  })

  it("a fault is refused with its path, and only operators set limits", async () => {
    const refused = async (body: object, path: string) => {
      const answer = await put(body)
      assert.strictEqual(answer.status, 400, JSON.stringify(answer.json))
      assert.include(answer.json.errors.map((error: { path: string }) => error.path), `$.${path}`)
    }
    await refused({ scope: { customer_id: "acme", every: "customer" }, max_running: 1 }, "scope")
    await refused({ scope: {}, max_running: 1 }, "scope")
    await refused({ scope: { every: "hire" }, max_running: 1 }, "scope.every")
    await refused({ scope: { customer_id: "a b" }, max_running: 1 }, "scope.customer_id")
    for (const max_running of [0, -1, 1.5, "3", 100_001]) {
      await refused({ scope: { customer_id: "acme" }, max_running }, "max_running")
    }
    await refused({ scope: { customer_id: "acme" } }, "max_running")
    assert.strictEqual((await put({ scope: { customer_id: "acme" }, max_running: 1 }, "viewer:vera")).status, 403)
    assert.strictEqual((await put({ scope: { customer_id: "acme" }, max_running: 1 }, "customer:acme")).status, 403)
    assert.strictEqual((await t.call("GET", "/limits", { as: "customer:acme" })).status, 403)
    assert.strictEqual((await t.call("GET", "/limits", { as: "viewer:vera" })).status, 200)
  })
})
