/** Goals: which are valid, who may write them, and when a goal starts the trial. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import {
  base,
  customerOf,
  dailyPost,
  feedEnd,
  follow,
  type Hiring,
  loseReply,
  marketingConfig,
  operator,
  reminder,
  startHiring,
  trading,
  tradingConfig,
} from "./Harness.ts"

describe("goals", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())

  it("have one of five frequencies, also under a draft, and are listed oldest first", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } = (await acme.draft(await acme.subscribed())).json
    const schedules: Array<[string, Record<string, unknown>]> = [
      ["daily", { at: "06:15" }],
      ["weekly", { weekday: "friday", missed: "latest" }],
      ["monthly", { day_of_month: 31 }],
      ["on_demand", {}],
      ["cron", { cron: "0 9 * * 1-5", timezone: "Europe/Berlin" }],
    ]
    const made = []
    for (const [frequency, schedule] of schedules) {
      const answer = await acme.putGoal(id, { frequency, settings: { schedule } })
      assert.strictEqual(answer.status, 201, JSON.stringify(answer.json))
      made.push(answer.json)
    }
    const list = await acme.call("GET", `/hired-agents/${id}/goals`)
    assert.deepStrictEqual(list.json, { items: made, next_cursor: null })
    assert.deepStrictEqual(
      (await acme.call("GET", `/hired-agents/${id}/goals/${made[4].goal_instance_id}`)).json,
      made[4],
    )
    assert.strictEqual((await acme.call("GET", `/hired-agents/${id}`)).json.goals_completed, true)
  })

  it("are listed in pages of fifty, or of the limit sent, that miss none and repeat none", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } = (await acme.draft(await acme.subscribed())).json
    const made = []
    // Many at once, so that some are of the same millisecond
    for (let n = 0; n < 53; n += 10) {
      made.push(...await Promise.all(Array.from({ length: Math.min(10, 53 - n) }, () => acme.putGoal(id))))
    }
    const path = `/hired-agents/${id}/goals`
    const pages = async (limit: number) => {
      const items: Array<{ created_at: string; goal_instance_id: string }> = []
      for (let query = `?limit=${limit}`;;) {
        const { json } = await acme.call("GET", `${path}${query}`)
        items.push(...json.items)
        if (json.next_cursor === null) return items
        assert.strictEqual(json.items.length, limit)
        query = `?limit=${limit}&cursor=${json.next_cursor}`
      }
    }
    const all = (await acme.call("GET", `${path}?limit=200`)).json
    assert.strictEqual(all.next_cursor, null)
    assert.sameMembers(
      all.items.map((goal: { goal_instance_id: string }) => goal.goal_instance_id),
      made.map(({ json }) => json.goal_instance_id),
    )
    for (const limit of [7, 53]) assert.deepStrictEqual(await pages(limit), all.items)
    const keys = (await pages(52)).map(({ created_at, goal_instance_id }) => created_at + goal_instance_id)
    assert.deepStrictEqual(keys, keys.toSorted())

    const first = (await acme.call("GET", path)).json
    assert.deepStrictEqual(first.items, all.items.slice(0, 50))
    // A goal that is deleted between two pages does not shift the second
    await acme.call("DELETE", `${path}/${all.items[49].goal_instance_id}`)
    const rest = (await acme.call("GET", `${path}?cursor=${first.next_cursor}`)).json
    assert.deepStrictEqual(rest, { items: all.items.slice(50), next_cursor: null })

    const forged = (key: unknown) => btoa(JSON.stringify(key)).replaceAll("=", "")
    for (
      const query of [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=bad!",
        `cursor=${forged("GOI-1")}`,
        `cursor=${forged({ created_at: "yesterday", goal_instance_id: "GOI-1" })}`,
        `cursor=${forged({ created_at: "2026-03-01T09:00:00.000Z", goal_instance_id: "\0" })}`,
        "more=1",
      ]
    ) {
      const refused = await acme.call("GET", `${path}?${query}`)
      assert.deepStrictEqual([refused.status, refused.json.code], [400, "invalid_request"], query)
    }
  })

  it("all faults of a goal are named at once, and nothing is stored", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } = await acme.hired()
    const cursor = await feedEnd(hiring)
    const cases: Array<[Record<string, unknown>, Array<string>]> = [
      [{ settings: { topic: 7, mood: "x", schedule: { at: "25:00", weekday: "friday" } } }, [
        "$.settings.topic",
        "$.settings.mood",
        "$.settings.schedule.at",
        "$.settings.schedule.weekday",
      ]],
      [{ goal_template_id: reminder }, ["$.goal_template_id"]],
      [{ frequency: "cron", settings: {} }, ["$.settings.schedule.cron"]],
      [{ frequency: "cron", settings: { schedule: { cron: "0 0 31 2 *" } } }, ["$.settings.schedule.cron"]],
      [{ settings: { access_token: "hunter2" } }, ["$.settings.access_token", "$.settings.access_token"]],
      [{ frequency: "hourly" }, ["$.frequency"]],
    ]
    for (const [body, paths] of cases) {
      const answer = await acme.putGoal(id, body)
      assert.deepStrictEqual([answer.status, answer.json.code], [400, "invalid_request"], JSON.stringify(body))
      assert.sameMembers(
        answer.json.errors.map((one: { path: string }) => one.path),
        paths,
        JSON.stringify(answer.json),
      )
      assert.notInclude(JSON.stringify(answer.json), "hunter2")
    }
    assert.deepStrictEqual((await acme.call("GET", `/hired-agents/${id}/goals`)).json.items, [])
    assert.deepStrictEqual((await follow(hiring, cursor)).items, [])
  })

  it("an edit keeps what is left out; a goal of another hire is not found", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } = await acme.hired()
    const { hired_instance_id: second } = await acme.hired()
    const made = (await acme.putGoal(id, { enabled: false })).json
    const { goal_instance_id } = made
    const cursor = await feedEnd(hiring)
    const edited = await acme.putGoal(id, { goal_instance_id, frequency: "on_demand", settings: {} })
    assert.strictEqual(edited.status, 200)
    assert.include(edited.json, {
      goal_instance_id,
      frequency: "on_demand",
      enabled: false,
      created_at: made.created_at,
    })
    const foreign = await acme.putGoal(second, { goal_instance_id })
    assert.deepStrictEqual([foreign.status, foreign.json.code], [404, "goal_not_found"])
    assert.strictEqual((await acme.putGoal(id, { goal_instance_id: "GOI-none" })).json.code, "goal_not_found")
    assert.strictEqual((await acme.call("GET", `/hired-agents/${second}/goals/${goal_instance_id}`)).status, 404)
    const { items } = await follow(hiring, cursor)
    assert.deepStrictEqual(items.map(({ enabled, frequency, version }) => [frequency, enabled, version]), [
      ["on_demand", false, 2],
    ])
  })

  it("are written by their customer, read by operators and viewers, and not found by another customer", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } = await acme.hired()
    const { goal_instance_id: goal } = (await acme.putGoal(id)).json
    const other = customerOf(hiring)
    const foreign = [
      other.putGoal(id),
      other.putGoal(id, { goal_instance_id: goal }),
      other.call("GET", `/hired-agents/${id}/goals`),
      other.call("GET", `/hired-agents/${id}/goals/${goal}`),
      other.call("DELETE", `/hired-agents/${id}/goals/${goal}`),
      other.call("POST", `/hired-agents/${id}/goals/${goal}/run`, {}),
      acme.call("GET", `/hired-agents/HAI-none/goals`),
    ]
    for (const { json, status } of await Promise.all(foreign)) {
      assert.deepStrictEqual([status, json.code], [404, "hire_not_found"])
    }
    for (const goalId of ["nope", "%00", "z".repeat(6000)]) {
      assert.strictEqual((await acme.call("DELETE", `/hired-agents/${id}/goals/${goalId}`)).status, 404)
      assert.strictEqual((await acme.call("POST", `/hired-agents/${id}/goals/${goalId}/run`, {})).status, 404)
    }
    const body = { goal_template_id: dailyPost, frequency: "daily", settings: {} }
    const put = await hiring.call("PUT", `${base}/hired-agents/${id}/goals`, { ...operator, body })
    assert.strictEqual(put.status, 403)
    const read = await hiring.call("GET", `${base}/hired-agents/${id}/goals`, { as: "viewer:vera" })
    assert.strictEqual(read.json.items.length, 1)
  })

  it("can be written only under an active subscription", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id, subscription_id } = await acme.hired()
    const { goal_instance_id: goal } = (await acme.putGoal(id)).json
    await hiring.call("POST", `${base}/subscriptions/${subscription_id}/past-due`, operator)
    const refusals = [
      acme.putGoal(id),
      acme.putGoal(id, { goal_instance_id: goal, enabled: false }),
      acme.call("DELETE", `/hired-agents/${id}/goals/${goal}`),
    ]
    for (const { json, status } of await Promise.all(refusals)) {
      assert.deepStrictEqual([status, json.code, json.subscription_status], [
        409,
        "subscription_not_active",
        "past_due",
      ])
    }
    const list = (await acme.call("GET", `/hired-agents/${id}/goals`)).json.items
    assert.deepStrictEqual(list.map((one: { enabled: boolean }) => one.enabled), [true])
  })

  it("a deletion is in the feed, and the last one takes back goals_completed", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } = await acme.hired()
    const goals = [(await acme.putGoal(id)).json.goal_instance_id, (await acme.putGoal(id)).json.goal_instance_id]
    const completed = async () => (await acme.call("GET", `/hired-agents/${id}`)).json.goals_completed
    const cursor = await feedEnd(hiring)
    const first = await acme.call("DELETE", `/hired-agents/${id}/goals/${goals[0]}`)
    assert.deepStrictEqual([first.status, first.json], [200, { deleted: true, goal_instance_id: goals[0] }])
    assert.strictEqual(await completed(), true)
    assert.strictEqual(
      (await acme.call("DELETE", `/hired-agents/${id}/goals/${goals[0]}`)).json.code,
      "goal_not_found",
    )
    await acme.call("DELETE", `/hired-agents/${id}/goals/${goals[1]}`)
    assert.strictEqual(await completed(), false)
    const { items } = await follow(hiring, cursor)
    assert.deepStrictEqual(items.map((one) => [one.goal_instance_id, one.deleted, one.version]), [
      [goals[0], true, 2],
      // the hire, which has no goals any more
      [undefined, undefined, 4],
      [goals[1], true, 2],
    ])
  })

  it("a reminder runs in its own window unless its schedule says otherwise", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } =
      (await acme.draft(await acme.subscribed(trading), { config: tradingConfig }, trading)).json
    const cursor = await feedEnd(hiring)
    await acme.putGoal(id, { goal_template_id: reminder, settings: { window_local_time: "15:20" } })
    assert.strictEqual((await follow(hiring, cursor)).items.at(-1)!.default_at, "15:20")
  })

  it("under an Idempotency-Key one PUT makes one goal", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } = await acme.hired()
    const headers = { "idempotency-key": "goal" }
    const first = await acme.putGoal(id, {}, { headers })
    const second = await acme.putGoal(id, {}, { headers })
    assert.deepStrictEqual([second.status, second.json], [201, first.json])
    assert.strictEqual(second.headers.get("location"), first.headers.get("location"))
    await loseReply(hiring, headers["idempotency-key"])
    const third = await acme.putGoal(id, {}, { headers })
    assert.deepStrictEqual([third.status, third.json], [201, first.json])
    assert.strictEqual((await acme.call("GET", `/hired-agents/${id}/goals`)).json.items.length, 1)
  })

  it("concurrent writes under one hire lose nothing", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id, subscription_id } = await acme.hired()
    const cursor = await feedEnd(hiring)
    const answers = await Promise.all([
      ...Array.from({ length: 20 }, () => acme.putGoal(id)),
      ...Array.from(
        { length: 5 },
        (_, n) => acme.draft(subscription_id, { config: { ...marketingConfig, nickname: `N${n}` } }),
      ),
      hiring.call("POST", `${base}/subscriptions/${subscription_id}/past-due`, operator),
      acme.activate(subscription_id),
    ])
    for (const { json, status } of answers) assert.include([200, 201, 409], status, JSON.stringify(json))
    const made = answers.filter(({ status }) => status === 201).length
    assert.strictEqual((await acme.call("GET", `/hired-agents/${id}/goals`)).json.items.length, made)
    const goals = (await follow(hiring, cursor)).items.filter(({ type }) => type === "goal")
    assert.strictEqual(goals.length, made)
  })
})
