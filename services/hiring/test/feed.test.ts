/** The feed, the snapshot and the lookup, as the scheduler and deliverables use them. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import {
  base,
  customerOf,
  follow,
  type Hiring,
  marketingConfig,
  modes,
  operator,
  scheduler,
  startHiring,
} from "./Harness.ts"

for (const mode of modes) {
  describe(`the feed on ${mode}`, () => {
    let hiring: Hiring
    beforeAll(async () => {
      hiring = await startHiring(mode)
    })
    afterAll(() => hiring.end())
    const changes = (query: string) => hiring.call("GET", `${base}/goal-changes?${query}`, scheduler)

    it("is for services alone", async () => {
      for (const as of ["customer:acme", "operator:olga", "viewer:vera"] as const) {
        assert.strictEqual((await hiring.call("GET", `${base}/goal-changes?after=0.0`, { as })).status, 403)
        assert.strictEqual((await hiring.call("GET", `${base}/goal-changes/snapshot`, { as })).status, 403)
        assert.strictEqual((await hiring.call("POST", `${base}/goals/lookup`, { as, body: {} })).status, 403)
      }
      assert.strictEqual((await hiring.call("GET", `${base}/subscriptions/SUB-1`, scheduler)).status, 403)
    })

    it("an empty page keeps the cursor; what is no cursor is a 400, one that it never gave a 410", async () => {
      const { cursor } = await follow(hiring)
      assert.deepStrictEqual((await changes(`after=${cursor}`)).json, { items: [], cursor })
      for (
        const after of [
          "",
          "x",
          "1",
          "1.2.3",
          "-1.0",
          "1.",
          "99999999999999999999.0",
          "0.9223372036854775808",
          "1%00.0",
        ]
      ) {
        assert.strictEqual((await changes(`after=${after}`)).status, 400, after)
      }
      for (
        const query of [
          "",
          "after=0.0&limit=0",
          "after=0.0&limit=1001",
          "after=0.0&wait_ms=30001",
          "after=0.0&wait_ms=-1",
        ]
      ) {
        assert.strictEqual((await changes(query)).status, 400, query)
      }
      const ahead = await changes("after=18446744073709551615.0")
      assert.deepStrictEqual([ahead.status, ahead.json.code], [410, "feed_cursor_gone"])
    })

    it("goes on page by page, in order, each change once", async () => {
      const acme = customerOf(hiring)
      const { cursor: start } = await follow(hiring)
      const { hired_instance_id: id } = await acme.hired()
      for (let n = 0; n < 5; n++) await acme.putGoal(id)
      const whole = (await follow(hiring, start)).items
      const paged = []
      for (let cursor = start;;) {
        const { json } = await changes(`after=${cursor}&limit=2`)
        if (json.items.length === 0) break
        assert.isAtMost(json.items.length, 2)
        paged.push(...json.items)
        cursor = json.cursor
      }
      assert.deepStrictEqual(paged, whole)
      assert.deepStrictEqual(whole.map(({ type }) => type), [
        "subscription",
        "subscription",
        "hire",
        "hire",
        ...Array(5).fill("goal"),
      ])
      const hires = whole.filter(({ type }) => type === "hire")
      assert.isAbove(hires[1].version, hires[0].version)
      for (const { changed_at, type } of whole) if (type !== "subscription") assert.match(changed_at, /\.\d{3}Z$/)
    })

    it("a waiting reader gets a change within milliseconds, and an empty page at its time", async () => {
      const acme = customerOf(hiring)
      const { hired_instance_id: id } = await acme.hired()
      const { cursor } = await follow(hiring)
      const waiting = [1, 2, 3].map(() =>
        changes(`after=${cursor}&wait_ms=10000`).then((answer) => ({ answer, at: performance.now() }))
      )
      await new Promise((resolve) => setTimeout(resolve, 200))
      const made = await acme.putGoal(id)
      const told = performance.now()
      for (const { answer, at } of await Promise.all(waiting)) {
        assert.strictEqual(answer.json.items[0].goal_instance_id, made.json.goal_instance_id)
        assert.isBelow(at - told, 100)
      }
      const { cursor: end } = await follow(hiring)
      const before = performance.now()
      const idle = await changes(`after=${end}&wait_ms=300`)
      assert.deepStrictEqual(idle.json, { items: [], cursor: end })
      assert.isAtLeast(performance.now() - before, 290)
    })

    it("every reason that a hire can't run is told, and when it can again", async () => {
      const acme = customerOf(hiring)
      const { cursor } = await follow(hiring)
      const { hired_instance_id: id, subscription_id } = await acme.hired()
      await hiring.call("POST", `${base}/subscriptions/${subscription_id}/past-due`, operator)
      await acme.activate(subscription_id)
      await acme.call("POST", `/hired-agents/${id}/deactivate`, {})
      await acme.call("POST", `/subscriptions/${subscription_id}/cancel`, { at_period_end: false })
      const hires = (await follow(hiring, cursor)).items.filter(({ type }) => type === "hire")
      assert.deepStrictEqual(hires.map(({ reason, runnable }) => [runnable, reason]), [
        [false, "The hired agent is not finalized"],
        [true, null],
        [false, "The subscription is past due"],
        [true, null],
        [false, "The hired agent is deactivated"],
        [false, "The hired agent is deactivated"],
      ])
      const versions = hires.map(({ version }) => version)
      assert.deepStrictEqual(versions, [...new Set(versions)].sort((a, b) => a - b))
    })

    it("the snapshot and the feed after it together miss nothing", async () => {
      const acme = customerOf(hiring)
      const hires = [await acme.hired(), await acme.hired(), await acme.hired()].map((one) => one.hired_instance_id)
      for (const hire of hires) await acme.putGoal(hire)
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
      const ids = items.map((one) => one.type === "goal" ? one.goal_instance_id : one.hired_instance_id)
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
      assert.deepStrictEqual(json.goals, [goal])
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
        runnable: true,
        reason: null,
        subscription_status: "active",
        gone: false,
      })
      assert.deepStrictEqual((await lookup({})).json, { goals: [], hires: [] })
      assert.strictEqual((await lookup({ goal_instance_ids: Array(1001).fill("GOI-1") })).status, 400)
    })

    it("a waiting reader is let go at once when the service goes away", async () => {
      const { cursor } = await follow(hiring)
      const waiting = changes(`after=${cursor}&wait_ms=20000`)
      await new Promise((resolve) => setTimeout(resolve, 100))
      const before = performance.now()
      await hiring.drain()
      assert.deepStrictEqual((await waiting).json, { items: [], cursor })
      assert.isBelow(performance.now() - before, 200)
    })
  })
}
