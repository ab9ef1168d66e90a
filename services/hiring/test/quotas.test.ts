/** How much a customer may have, and that nobody writes to what it has not seen. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { Answer } from "../../../tests/support/Service.ts"
import { base, customerOf, type Hiring, marketing, marketingConfig, startHiring } from "./Harness.ts"

const bounds = {
  live_hires: 3,
  goals_per_hire: 4,
  goals_per_customer: 6,
  subscriptions_per_customer: 5,
  trials_per_customer: 2,
  runs_by_hand_per_minute: 3,
  requests_per_second: 100_000,
  request_burst: 100_000,
}
const STINT_BOUNDS = Object.entries(bounds).map(([name, value]) => `${name}=${value}`).join()

const outcome = ({ json, status }: Answer) => [status, json.code ?? "made", json.bound ?? null, json.limit ?? null]
const refused = (bound: keyof typeof bounds) => [409, "quota_exceeded", bound, bounds[bound]]
const count = (answers: ReadonlyArray<Answer>, status: number) => answers.filter((a) => a.status === status).length
const many = (n: number, make: (n: number) => Promise<Answer>) =>
  Promise.all(Array.from({ length: n }, (_, index) => make(index)))

describe("a customer", () => {
  let hiring: Hiring
  beforeAll(async () => void (hiring = await startHiring({ STINT_BOUNDS })))
  afterAll(() => hiring.end())

  it("A5: has no more subscriptions than its quota, also when many are made at once", async () => {
    const acme = customerOf(hiring)
    const made = await many(12, () => acme.subscribe())
    assert.deepStrictEqual([count(made, 201), count(made, 409)], [5, 7])
    assert.deepStrictEqual(outcome(await acme.subscribe()), refused("subscriptions_per_customer"))
    const subscription = made.find(({ status }) => status === 201)!.json.subscription_id
    await acme.call("POST", `/subscriptions/${subscription}/cancel`, { at_period_end: false })
    assert.strictEqual((await acme.subscribe()).status, 201)
    assert.strictEqual((await customerOf(hiring).subscribe()).status, 201)
  })

  it("A5: has no more live hires than its quota, also when many are drafted at once", async () => {
    const acme = customerOf(hiring)
    const subscriptions = []
    for (let n = 0; n < 5; n++) subscriptions.push(await acme.subscribed())
    const drafts = await Promise.all(subscriptions.map((id) => acme.draft(id)))
    assert.deepStrictEqual([count(drafts, 201), count(drafts, 409)], [3, 2])
    const hired = drafts.find(({ status }) => status === 201)!.json
    assert.strictEqual((await acme.draft(hired.subscription_id, { config: marketingConfig })).status, 200)
    const left = subscriptions[drafts.findIndex(({ status }) => status === 409)]!
    assert.deepStrictEqual(outcome(await acme.draft(left)), refused("live_hires"))
    await acme.call("POST", `/hired-agents/${hired.hired_instance_id}/deactivate`, {})
    assert.strictEqual((await acme.draft(left)).status, 201)
  })

  it("A5: has no more goals than its quotas, also when many are made at once", async () => {
    const acme = customerOf(hiring)
    const [one, two] = [await acme.hired(), await acme.hired()]
    const first = await many(8, () => acme.putGoal(one.hired_instance_id))
    assert.deepStrictEqual([count(first, 201), count(first, 409)], [4, 4])
    assert.deepStrictEqual(outcome(await acme.putGoal(one.hired_instance_id)), refused("goals_per_hire"))
    const second = await many(4, () => acme.putGoal(two.hired_instance_id))
    assert.deepStrictEqual([count(second, 201), count(second, 409)], [2, 2])
    assert.deepStrictEqual(outcome(await acme.putGoal(two.hired_instance_id)), refused("goals_per_customer"))
    const { goal_instance_id } = first.find(({ status }) => status === 201)!.json
    const edit = await acme.putGoal(one.hired_instance_id, { goal_instance_id, enabled: false })
    assert.strictEqual(edit.status, 200)
    await acme.call("DELETE", `/hired-agents/${one.hired_instance_id}/goals/${goal_instance_id}`)
    assert.strictEqual((await acme.putGoal(two.hired_instance_id)).status, 201)
  })

  it("A5: keeps and edits what it has beyond a bound that came later", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id } = await acme.hired()
    const { json: goal } = await acme.putGoal(hired_instance_id)
    await hiring.ownerSql((sql) =>
      sql`insert into goal_instances select (json_populate_record(g, json_build_object('goal_instance_id', 'GOI-x' || n))).*
          from goal_instances g, generate_series(1, 9) n where goal_instance_id = ${goal.goal_instance_id}`
    )
    assert.strictEqual((await acme.call("GET", `/hired-agents/${hired_instance_id}/goals`)).json.items.length, 10)
    const edit = await acme.putGoal(hired_instance_id, { goal_instance_id: goal.goal_instance_id, enabled: false })
    assert.strictEqual(edit.status, 200)
    assert.strictEqual((await acme.putGoal(hired_instance_id)).status, 409)
  })

  it("A5: begins no more trials than its quota, until it removes one", async () => {
    const acme = customerOf(hiring)
    // a refusal is not kept: the same request succeeds when there is room
    const begin = (key = "one-more") =>
      acme.call("POST", "/trials", {
        agent_id: marketing,
        customer_name: "Asha",
        customer_email: "asha@example.org",
        company: "Clinic",
      }, { headers: { "idempotency-key": key } })
    const made = await many(5, (n) => begin(`at-once-${n}`))
    assert.deepStrictEqual([count(made, 201), count(made, 409)], [2, 3])
    assert.deepStrictEqual(outcome(await begin()), refused("trials_per_customer"))
    await acme.call("DELETE", `/trials/${made.find(({ status }) => status === 201)!.json.trial_id}`)
    assert.strictEqual((await begin()).status, 201)
  })

  it("A5: runs so many goals by hand a minute, then 429; a repeat under one key is none", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } = await acme.hired()
    const { json: { goal_instance_id } } = await acme.putGoal(id)
    const run = (key: string) =>
      acme.call("POST", `/hired-agents/${id}/goals/${goal_instance_id}/run`, {}, {
        headers: { "idempotency-key": key },
      })
    for (let n = 0; n < 6; n++) assert.strictEqual((await run("one")).status, 202)
    const answers = []
    for (let n = 0; n < 5; n++) answers.push(await run(`next-${n}`))
    // a token comes back every 20 seconds
    assert.isAtLeast(count(answers, 429), 2)
    const late = answers.find(({ status }) => status === 429)!
    assert.strictEqual(late.json.code, "rate_limited")
    assert.match(late.json.detail, /runs_by_hand_per_minute/)
    assert.match(late.headers.get("retry-after")!, /^[1-9]\d*$/)
    const operator = await hiring.call("POST", `${base}/hired-agents/${id}/goals/${goal_instance_id}/run`, {
      as: "operator:olga",
    })
    assert.strictEqual(operator.status, 202)
  })

  it("D10: writes a hire only as it has seen it", async () => {
    const acme = customerOf(hiring)
    const id = await acme.subscribed()
    const put = (headers: Record<string, string>, more: Record<string, unknown> = {}) =>
      acme.call("PUT", "/hired-agents/draft", { subscription_id: id, agent_id: marketing, ...more }, { headers })
    assert.strictEqual((await put({ "if-match": "*" })).status, 412)
    const made = await put({ "if-none-match": "*" })
    assert.strictEqual(made.status, 201)
    assert.strictEqual((await put({ "if-none-match": "*" })).json.code, "precondition_failed")
    const path = `/hired-agents/${made.json.hired_instance_id}`
    const first = made.headers.get("etag")!
    assert.match(first, /^"[^"]+"$/)
    const read = (headers: Record<string, string> = {}, of = path) => acme.call("GET", of, undefined, { headers })
    assert.strictEqual((await read()).headers.get("etag"), first)
    assert.strictEqual((await read({}, `/hired-agents/by-subscription/${id}`)).headers.get("etag"), first)
    const known = await read({ "if-none-match": `W/${first}` })
    assert.deepStrictEqual([known.status, known.json, known.headers.get("etag")], [304, "", first])
    assert.strictEqual((await read({ "if-match": '"other"' })).status, 412)

    const second = await put({ "if-match": `"x", ${first}` }, { config: marketingConfig })
    assert.strictEqual(second.status, 200)
    assert.notStrictEqual(second.headers.get("etag"), first)
    for (const write of ["finalize", "deactivate"]) {
      const stale = await acme.call("POST", `${path}/${write}`, {}, { headers: { "if-match": first } })
      assert.deepStrictEqual([stale.status, stale.json.code], [412, "precondition_failed"], write)
    }
    const writes = await many(
      6,
      (n) => put({ "if-match": second.headers.get("etag")! }, { config: { ...marketingConfig, nickname: `n${n}` } }),
    )
    assert.deepStrictEqual([count(writes, 200), count(writes, 412)], [1, 5])
    const kept = (await read()).json
    assert.strictEqual(kept.config.nickname, writes.find(({ status }) => status === 200)!.json.config.nickname)
    assert.strictEqual(kept.finalized_at, null)
  })

  it("D10: writes and deletes a goal only as it has seen it", async () => {
    const acme = customerOf(hiring)
    const { hired_instance_id: id } = await acme.hired()
    const made = await acme.putGoal(id, {}, { headers: { "if-none-match": "*" } })
    assert.strictEqual(made.status, 201)
    const goal_instance_id = made.json.goal_instance_id
    const path = `/hired-agents/${id}/goals/${goal_instance_id}`
    const tag = made.headers.get("etag")!
    assert.strictEqual((await acme.call("GET", path)).headers.get("etag"), tag)
    const edits = await many(
      5,
      (n) => acme.putGoal(id, { goal_instance_id, settings: { topic: `t${n}` } }, { headers: { "if-match": tag } }),
    )
    assert.deepStrictEqual([count(edits, 200), count(edits, 412)], [1, 4])
    const remove = (match: string) => acme.call("DELETE", path, undefined, { headers: { "if-match": match } })
    assert.strictEqual((await remove(tag)).status, 412)
    const now = edits.find(({ status }) => status === 200)!.headers.get("etag")!
    assert.strictEqual((await remove(`W/${now}`)).status, 412)
    assert.strictEqual((await remove(now)).status, 200)
    assert.strictEqual((await acme.putGoal(id, {}, { headers: { "if-match": "*" } })).status, 412)
  })
})
