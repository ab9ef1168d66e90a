/** Runs on request: the slot, the outbox, the answer, and when one is refused. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { DateTime } from "effect"
import type { Answer } from "../../../tests/support/Service.ts"
import { runSlot } from "../src/Goals/Policy.ts"
import {
  base,
  customerOf,
  feedEnd,
  follow,
  type Hiring,
  loseReply,
  operator,
  scheduler,
  startHiring,
} from "./Harness.ts"

it("a run's slot is its instant, or the millisecond after the goal's latest slot; a repeated request keeps its own", () => {
  const [ten, eleven, twelve] = [10, 11, 12].map((millis) => DateTime.makeUnsafe(millis)) as [
    DateTime.Utc,
    DateTime.Utc,
    DateTime.Utc,
  ]
  const last = { last_run_slot: eleven, last_run_request: "REQ-1" }
  assert.deepStrictEqual(runSlot({ last_run_slot: null, last_run_request: null }, "REQ-1", ten), ten)
  assert.deepStrictEqual(runSlot(last, "REQ-2", ten), twelve)
  assert.deepStrictEqual(runSlot(last, "REQ-2", eleven), twelve)
  assert.deepStrictEqual(runSlot(last, "REQ-2", DateTime.makeUnsafe(99)), DateTime.makeUnsafe(99))
  assert.deepStrictEqual(runSlot(last, "REQ-1", ten), eleven)
})

describe("a run on request", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())

  it("is answered with 202 and what the scheduler does, is in the feed, and does not write the hire", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } = await acme.hired()
    const { goal_instance_id: goal } = (await acme.putGoal(id, { frequency: "on_demand" })).json
    const cursor = await feedEnd(hiring)
    const readHire = async () => (await acme.call("GET", `/hired-agents/${id}`)).json
    const hire = await readHire()
    const run = (as: `customer:${string}` | `operator:${string}`, headers = {}) =>
      hiring.call("POST", `${base}/hired-agents/${id}/goals/${goal}/run`, { as, headers })
    const first = await run(acme.as)
    assert.strictEqual(first.status, 202, JSON.stringify(first.json))
    assert.include(first.json, { goal_instance_id: goal, scheduler: "running" })
    hiring.neighbours.scheduler = "paused"
    const keyed = await run("operator:olga", { "idempotency-key": "run" })
    hiring.neighbours.scheduler = "unknown"
    const replayed = await run("operator:olga", { "idempotency-key": "run" })
    hiring.neighbours.scheduler = "running"
    assert.strictEqual(keyed.json.scheduler, "paused")
    assert.deepStrictEqual(replayed.json, keyed.json)
    const { items } = await follow(hiring, cursor)
    assert.deepStrictEqual(items.map((one) => [one.type, one.requested_by, one.scheduled_time]), [
      ["run", acme.name, first.json.scheduled_time],
      ["run", "olga", keyed.json.scheduled_time],
    ])
    assert.strictEqual(new Set(items.map((one) => one.request_id)).size, 2)
    assert.deepStrictEqual(await readHire(), hire)
  })

  it(
    "keeps its slot when the request is repeated after a crash",
    async () => {
      const acme = customerOf(hiring)
      const { hired_instance_id: id } = await acme.hired()
      const { goal_instance_id: goal } = (await acme.putGoal(id, { frequency: "on_demand" })).json
      const cursor = await feedEnd(hiring)
      const key = "run-crash"
      const run = (headers: Record<string, string> = {}) =>
        acme.call("POST", `/hired-agents/${id}/goals/${goal}/run`, {}, { headers })
      const again = async () => {
        await loseReply(hiring, key)
        return run({ "idempotency-key": key })
      }
      const before = await run()
      const first = await run({ "idempotency-key": key })
      assert.deepStrictEqual([(await again()).json, first.status], [first.json, 202])
      const other = await run()
      assert.deepStrictEqual((await again()).json, first.json)
      await acme.putGoal(id, { goal_instance_id: goal, frequency: "on_demand", enabled: false })
      assert.deepStrictEqual((await again()).json, first.json)
      const runs = (await follow(hiring, cursor)).items.filter(({ type }) => type === "run")
      assert.deepStrictEqual(
        runs.map(({ scheduled_time }) => scheduled_time),
        [before, first, other].map(({ json }) => json.scheduled_time),
      )
    },
  )

  it("gets a slot of its own, also when many are asked for at once", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } = await acme.hired()
    const made = (await acme.putGoal(id, { frequency: "on_demand" })).json
    const goal = made.goal_instance_id
    const cursor = await feedEnd(hiring)
    const run = () => acme.call("POST", `/hired-agents/${id}/goals/${goal}/run`, {})
    const answers = await Promise.all(Array.from({ length: 20 }, run))
    for (const { json, status } of answers) assert.strictEqual(status, 202, JSON.stringify(json))
    const slots = answers.map(({ json }) => json.scheduled_time as string).sort()
    assert.strictEqual(new Set(slots).size, 20)
    const { cursor: after, items } = await follow(hiring, cursor)
    assert.deepStrictEqual(items.map(({ scheduled_time }) => scheduled_time), slots)
    assert.deepStrictEqual((await acme.call("GET", `/hired-agents/${id}/goals/${goal}`)).json, made)

    const edited = (await acme.putGoal(id, { goal_instance_id: goal, frequency: "on_demand" })).json
    assert.doesNotHaveAnyKeys(edited, ["last_run_slot", "last_run_request"])
    const next = (await run()).json.scheduled_time
    assert.isAbove(Date.parse(next), Date.parse(slots.at(-1)!))
    assert.deepStrictEqual((await follow(hiring, after)).items.map((one) => [one.type, one.version]), [
      ["goal", 2],
      ["run", undefined],
    ])
  })

  it("is refused for a disabled goal and for a hire that cannot run, for the reason that the feed gives", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id, subscription_id } = await acme.hired()
    const { goal_instance_id: goal } = (await acme.putGoal(id, { enabled: false })).json
    const run = () => acme.call("POST", `/hired-agents/${id}/goals/${goal}/run`, {})
    const cursor = await feedEnd(hiring)
    assert.strictEqual((await run()).json.code, "goal_disabled")
    await acme.putGoal(id, { goal_instance_id: goal, enabled: true })
    await hiring.call("POST", `${base}/subscriptions/${subscription_id}/past-due`, operator)
    const reasonOf = async (hire: string) => {
      const body = { hired_instance_ids: [hire] }
      return (await hiring.call("POST", `${base}/goals/lookup`, { ...scheduler, body })).json.hires[0].reason
    }
    const refusedAs = async (hire: string, { json, status }: Answer) => {
      assert.deepStrictEqual([status, json.code, json.detail], [409, "hire_not_runnable", await reasonOf(hire)])
      return json.detail
    }
    const pastDue = await refusedAs(id, await run())
    await acme.activate(subscription_id)
    await acme.call("POST", `/hired-agents/${id}/deactivate`, {})
    const deactivated = await refusedAs(id, await run())
    const { hired_instance_id: bare } = (await acme.draft(await acme.subscribed())).json
    const { goal_instance_id: early } = (await acme.putGoal(bare)).json
    const early409 = await acme.call("POST", `/hired-agents/${bare}/goals/${early}/run`, {})
    const notConfigured = await refusedAs(bare, early409)
    assert.strictEqual(new Set([pastDue, deactivated, notConfigured]).size, 3)
    assert.notInclude((await follow(hiring, cursor)).items.map(({ type }) => type), "run")
  })
})
