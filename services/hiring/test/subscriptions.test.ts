/** Subscriptions: who may make, activate and cancel them, and what each state allows. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { base, customerOf, feedEnd, follow, type Hiring, marketing, operator, startHiring } from "./Harness.ts"

describe("subscriptions", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())

  const move = (id: string, to: string, as: `customer:${string}` | `operator:${string}`, body?: unknown) =>
    hiring.call("POST", `${base}/subscriptions/${id}/${to}`, { as, ...body === undefined ? {} : { body } })

  it("a customer subscribes for itself alone, to a type of the catalog", async () => {
    const acme = customerOf(hiring)
    const create = (body: Record<string, unknown>, as: `${"customer" | "operator" | "viewer"}:${string}` = acme.as) =>
      hiring.call("POST", `${base}/subscriptions`, { as, body })
    const valid = { agent_id: marketing, customer_id: acme.name, duration: "yearly" }
    const cases: Array<[number, string, Promise<{ status: number; json: { code: string } }>]> = [
      [403, "wrong_role", create(valid, "operator:olga")],
      [403, "wrong_role", create(valid, "viewer:vera")],
      [404, "customer_not_found", create({ ...valid, customer_id: "another" })],
      [404, "agent_type_not_found", create({ ...valid, agent_id: "no.such.type" })],
      [400, "invalid_request", create({ ...valid, duration: "weekly" })],
      [400, "invalid_request", create({ ...valid, more: 1 })],
      [400, "invalid_request", create({ ...valid, customer_id: "has space" })],
    ]
    for (const [status, code, answer] of cases) {
      const { json, status: got } = await answer
      assert.deepStrictEqual([got, json.code], [status, code])
    }
    hiring.neighbours.catalogAnswers = false
    const away = await create(valid)
    hiring.neighbours.catalogAnswers = true
    assert.deepStrictEqual([away.status, away.json.code], [503, "unavailable"])
    assert.deepStrictEqual((await acme.call("GET", `/subscriptions?customer_id=${acme.name}`)).json.items, [])
    assert.strictEqual((await create(valid)).status, 201)
  })

  it("the period starts at the creation, and restarts at the first activation", async () => {
    const acme = customerOf(hiring)
    const made = (await acme.subscribe(marketing, "quarterly")).json
    assert.strictEqual(made.status, "pending_payment")
    assert.strictEqual(made.cancel_at_period_end, false)
    assert.strictEqual(made.ended_at, null)
    await hiring.sql((sql) =>
      sql`
        update subscriptions set anchor_at = anchor_at - interval '1 day',
          current_period_start = current_period_start - interval '1 day',
          current_period_end = current_period_end - interval '1 day'
        where subscription_id = ${made.subscription_id}`
    )
    const active = (await acme.activate(made.subscription_id)).json
    assert.isAtLeast(Date.parse(active.current_period_start), Date.parse(made.current_period_start))
    assert.strictEqual(active.created_at, made.created_at)
    const again = await acme.activate(made.subscription_id)
    assert.deepStrictEqual([again.status, again.json], [200, active])
  })

  it("an operator moves it from active to past due and back, and only from states that allow it", async () => {
    const acme = customerOf(hiring)
    const { subscription_id: id } = (await acme.subscribe()).json
    assert.strictEqual((await move(id, "activate", acme.as)).status, 403)
    const early = await move(id, "past-due", operator.as)
    assert.deepStrictEqual([early.status, early.json.code, early.json.subscription_status], [
      409,
      "subscription_not_active",
      "pending_payment",
    ])
    const active = (await acme.activate(id)).json
    const pastDue = await move(id, "past-due", operator.as)
    assert.deepStrictEqual([pastDue.status, pastDue.json.status], [200, "past_due"])
    assert.deepStrictEqual((await move(id, "past-due", operator.as)).json, pastDue.json)
    const back = (await acme.activate(id)).json
    assert.strictEqual(back.status, "active")
    assert.strictEqual(back.current_period_end, active.current_period_end)
  })

  it("its customer cancels it, now or at its period's end, for good", async () => {
    const acme = customerOf(hiring)
    const cancel = (id: string, at_period_end: boolean, as: `customer:${string}` | `operator:${string}` = acme.as) =>
      move(id, "cancel", as, { at_period_end })
    const id = await acme.subscribed()
    assert.strictEqual((await cancel(id, true, "operator:olga")).status, 403)
    assert.strictEqual((await cancel(id, true, "customer:another")).json.code, "subscription_not_found")
    assert.strictEqual((await move(id, "cancel", acme.as, {})).status, 400)
    const later = (await cancel(id, true)).json
    assert.deepStrictEqual([later.status, later.cancel_at_period_end, later.ended_at], ["active", true, null])
    assert.deepStrictEqual((await cancel(id, true)).json, later)
    const now = (await cancel(id, false)).json
    assert.strictEqual(now.status, "canceled")
    assert.isString(now.ended_at)
    assert.deepStrictEqual((await cancel(id, false)).json, now)
    assert.deepStrictEqual((await cancel(id, true)).json, now)
    for (const to of ["activate", "past-due"]) {
      const refused = await move(id, to, operator.as)
      assert.deepStrictEqual([refused.status, refused.json.subscription_status], [409, "canceled"])
    }
    const { subscription_id: unpaid } = (await acme.subscribe()).json
    assert.strictEqual((await cancel(unpaid, true)).json.status, "canceled")
  })

  it("it is seen by its customer, operators and viewers, and not found by another customer", async () => {
    const acme = customerOf(hiring)
    const ids = []
    for (let n = 0; n < 3; n++) ids.push((await acme.subscribe()).json.subscription_id)
    for (const as of [acme.as, "operator:olga", "viewer:vera"] as const) {
      const one = await hiring.call("GET", `${base}/subscriptions/${ids[0]}`, { as })
      assert.deepStrictEqual([one.status, one.json.subscription_id], [200, ids[0]])
      const page = await hiring.call("GET", `${base}/subscriptions?customer_id=${acme.name}&limit=2`, { as })
      const rest = await hiring.call(
        "GET",
        `${base}/subscriptions?customer_id=${acme.name}&limit=2&cursor=${page.json.next_cursor}`,
        { as },
      )
      const items = [...page.json.items, ...rest.json.items]
      assert.deepStrictEqual(items.map((item: { subscription_id: string }) => item.subscription_id), ids.toSorted())
      assert.strictEqual(rest.json.next_cursor, null)
    }
    const other = { as: "customer:another" } as const
    assert.strictEqual(
      (await hiring.call("GET", `${base}/subscriptions/${ids[0]}`, other)).json.code,
      "subscription_not_found",
    )
    const list = await hiring.call("GET", `${base}/subscriptions?customer_id=${acme.name}`, other)
    assert.deepStrictEqual([list.status, list.json.code], [404, "customer_not_found"])
    for (const cursor of ["bad!", btoa('"\\u0000"').replaceAll("=", ""), btoa("7").replaceAll("=", "")]) {
      const refused = await acme.call("GET", `/subscriptions?customer_id=${acme.name}&cursor=${cursor}`)
      assert.strictEqual(refused.status, 400, cursor)
    }
  })

  it("operators and viewers list those of all customers by their status, page by page; a customer only its own", async () => {
    const [acme, other] = [customerOf(hiring), customerOf(hiring)]
    const waiting = [(await acme.subscribe()).json.subscription_id, (await other.subscribe()).json.subscription_id]
    const paid = await acme.subscribed()
    const list = (query: string, as: `${"customer" | "operator" | "viewer"}:${string}`) =>
      hiring.call("GET", `${base}/subscriptions?${query}`, { as })
    const idsOf = (items: ReadonlyArray<{ readonly subscription_id: string }>) =>
      items.map(({ subscription_id }) => subscription_id)
    for (const as of ["operator:olga", "viewer:vera"] as const) {
      const found: Array<{ readonly subscription_id: string; readonly status: string }> = []
      for (let cursor = ""; cursor !== null;) {
        const { json, status } = await list(`status=pending_payment&limit=2${cursor && `&cursor=${cursor}`}`, as)
        assert.strictEqual(status, 200)
        assert.isAtMost(json.items.length, 2)
        found.push(...json.items)
        cursor = json.next_cursor
      }
      assert.isTrue(found.every(({ status }) => status === "pending_payment"))
      assert.deepStrictEqual(idsOf(found), idsOf(found).toSorted())
      assert.includeMembers(idsOf(found), waiting)
      assert.deepStrictEqual(idsOf((await list(`customer_id=${acme.name}&status=active`, as)).json.items), [paid])
      assert.includeMembers(idsOf((await list("limit=200", as)).json.items), [...waiting, paid])
    }
    assert.deepStrictEqual(idsOf((await list("status=pending_payment", acme.as)).json.items), [waiting[0]])
    assert.deepStrictEqual(idsOf((await list("", acme.as)).json.items), [waiting[0], paid].toSorted())
    const refused = await list("status=unpaid", "operator:olga")
    assert.deepStrictEqual([refused.status, refused.json.code], [400, "invalid_request"])
  })

  it("an id that can name nothing is not found", async () => {
    for (const id of ["nope", "%00", "%ff", "x".repeat(6000), "SUB-1'%3B--", "..%2f.."]) {
      const { status } = await hiring.call("GET", `${base}/subscriptions/${id}`, operator)
      assert.strictEqual(status, 404, id.slice(0, 20))
      assert.strictEqual((await move(id, "activate", operator.as)).status, 404, id.slice(0, 20))
    }
  })

  it("under an Idempotency-Key one request makes one subscription", async () => {
    const acme = customerOf(hiring)
    const send = (duration: string) =>
      acme.call("POST", "/subscriptions", { agent_id: marketing, customer_id: acme.name, duration }, {
        headers: { "idempotency-key": "one" },
      })
    const first = await send("monthly")
    const second = await send("monthly")
    assert.deepStrictEqual([second.status, second.json], [201, first.json])
    assert.strictEqual((await send("yearly")).status, 422)
    const list = await acme.call("GET", `/subscriptions?customer_id=${acme.name}`)
    assert.strictEqual(list.json.items.length, 1)
  })

  it("the feed has each change of state once, and nothing of a request that changed none", async () => {
    const acme = customerOf(hiring)
    const cursor = await feedEnd(hiring)
    const id = await acme.subscribed()
    await acme.activate(id)
    await move(id, "cancel", acme.as, { at_period_end: true })
    await move(id, "past-due", operator.as)
    await move(id, "cancel", acme.as, { at_period_end: false })
    const { items } = await follow(hiring, cursor)
    assert.deepStrictEqual(items.map(({ status, type, version }) => [type, status, version]), [
      ["subscription", "pending_payment", 1],
      ["subscription", "active", 2],
      ["subscription", "past_due", 4],
      ["subscription", "canceled", 5],
    ])
  })
})
