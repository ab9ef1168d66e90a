/** A snapshot for a reader that begins, and the lookup of goals and hires. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { base, customerOf, feedEnd, follow, type Hiring, marketingConfig, scheduler, startHiring } from "./Harness.ts"

describe("a reader that begins", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())

  it("the snapshot and the feed after it together miss nothing", async () => {
    const acme = customerOf(hiring)
    const hires = [await acme.hired(), await acme.hired(), await acme.hired()].map((one) => one.hired_instance_id)
    for (const hire of hires) await acme.putGoal(hire)
    // From here on no older transaction, of another test say, holds these changes back
    await feedEnd(hiring)
    const items = []
    let late
    let feed_cursor = ""
    for (let next: string | null = ""; next !== null;) {
      const { json, status } = await hiring.call(
        "GET",
        `${base}/goal-changes/snapshot?limit=2${next === "" ? "" : `&next=${next}`}`,
        scheduler,
      )
      assert.strictEqual(status, 200, JSON.stringify(json))
      if (feed_cursor !== "") assert.strictEqual(json.feed_cursor, feed_cursor)
      feed_cursor = json.feed_cursor
      items.push(...json.items)
      next = json.next
      late ??= (await acme.putGoal(hires[0]!)).json.goal_instance_id
    }
    const ids = items.filter(({ type }) => type !== "run").map((one) =>
      one.type === "goal" ? one.goal_instance_id : one.hired_instance_id
    )
    assert.strictEqual(new Set(ids).size, ids.length)
    assert.includeMembers(ids, hires)
    const after = (await follow(hiring, feed_cursor)).items
    assert.deepStrictEqual(after.map((one) => one.goal_instance_id), [late])
    const nul = btoa(JSON.stringify({ from: "hires", after: "\0", feed_cursor: "0.0" })).replaceAll("=", "")
    for (const next of ["bad", nul, btoa("{}")]) {
      const refused = await hiring.call("GET", `${base}/goal-changes/snapshot?next=${next}`, scheduler)
      assert.strictEqual(refused.status, 400, next)
    }
  })

  it("a request to run that was asked before the snapshot is in it, one asked after it is in the feed", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } = await acme.hired()
    const { goal_instance_id: goal } = (await acme.putGoal(id)).json
    const run = async () => (await acme.call("POST", `/hired-agents/${id}/goals/${goal}/run`, {})).json.scheduled_time
    const asked = [await run(), await run(), await run()]
    // From here on no older transaction, of another test say, holds these requests back
    await feedEnd(hiring)
    const found: Array<string> = []
    let feed_cursor = ""
    for (let next: string | null = ""; next !== null;) {
      const query: string = next === "" ? "limit=1" : `limit=1&next=${next}`
      const { json } = await hiring.call("GET", `${base}/goal-changes/snapshot?${query}`, scheduler)
      assert.isAtMost(json.items.length, 1)
      for (const item of json.items) if (item.type === "run") found.push(item.scheduled_time)
      if (feed_cursor === "") asked.push(await run())
      feed_cursor = json.feed_cursor
      next = json.next
    }
    assert.deepStrictEqual(found, asked.slice(0, 3))
    const later = (await follow(hiring, feed_cursor)).items
    assert.deepStrictEqual(later.map(({ scheduled_time }) => scheduled_time), asked.slice(3))
  })

  it("the lookup gives goals, their hires, and nothing for what there is not", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id, subscription_id } = await acme.hired()
    const { hired_instance_id: other } = await acme.hired()
    const goal = (await acme.putGoal(id)).json
    const lookup = (body: unknown) => hiring.call("POST", `${base}/goals/lookup`, { ...scheduler, body })
    const { json } = await lookup({
      goal_instance_ids: [goal.goal_instance_id, "GOI-none"],
      hired_instance_ids: [other, "HAI-none"],
    })
    assert.deepStrictEqual(json.goals, [{ ...goal, version: 1 }])
    assert.sameMembers(json.hires.map((one: { hired_instance_id: string }) => one.hired_instance_id), [id, other])
    const found = json.hires.find((one: { hired_instance_id: string }) => one.hired_instance_id === id)
    assert.deepStrictEqual(found, {
      hired_instance_id: id,
      subscription_id,
      customer_id: acme.name,
      agent_id: "marketing.healthcare.v1",
      definition_version: "1.0.0",
      config: marketingConfig,
      settings: {},
      active: true,
      runnable: true,
      reason: null,
      subscription_status: "active",
      gone: false,
      // drafted, finalized, given its first goal
      version: 3,
      changed_at: (await acme.call("GET", `/hired-agents/${id}`)).json.updated_at,
    })
    assert.deepStrictEqual((await lookup({})).json, { goals: [], hires: [] })
  })
})
