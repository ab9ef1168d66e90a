/** Lead trials: who may begin, see, end and remove which; each ends once. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Send } from "../../../tests/support/Service.ts"
import { QUOTA_LOCK } from "../src/Locks.ts"
import { base, feedEnd, follow, type Hiring, marketing, operator, scheduler, startHiring } from "./Harness.ts"

const DAY = 86_400_000
const valid = { agent_id: marketing, customer_name: "Mia Rao", customer_email: "mia@example.com", company: "Smile" }
let customers = 0

describe("lead trials", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())

  const customer = () => `customer:lead-${++customers}` as const
  const call = (method: string, path: string, as: Send["as"], body?: unknown, headers: Record<string, string> = {}) =>
    hiring.call(method, `${base}/trials${path}`, {
      ...as === undefined ? {} : { as },
      ...body === undefined ? {} : { body },
      headers,
    })
  const begin = async (as: Send["as"], more: Record<string, unknown> = {}): Promise<string> =>
    (await call("POST", "", as, { ...valid, ...more })).json.trial_id
  const ids = async (as: Send["as"], query = "?limit=200"): Promise<Array<string>> =>
    (await call("GET", query, as)).json.items.map((one: { trial_id: string }) => one.trial_id)

  it("a trial begins now and lasts seven days", async () => {
    const mia = customer()
    const before = Date.now()
    const { headers, json, status } = await call("POST", "", mia, {
      ...valid,
      customer_email: "Mia@Example.com",
      phone: "98765 43210",
    })
    assert.strictEqual(status, 201, JSON.stringify(json))
    assert.strictEqual(headers.get("location"), `/api/v1/trials/${json.trial_id}`)
    assert.match(json.trial_id, /^TRL-[0-9a-f-]{36}$/)
    assert.deepStrictEqual(json, {
      ...valid,
      phone: "9876543210",
      trial_id: json.trial_id,
      start_date: json.created_at,
      end_date: new Date(Date.parse(json.start_date) + 7 * DAY).toISOString(),
      status: "active",
      created_at: json.created_at,
      updated_at: json.created_at,
    })
    assert.isTrue(before <= Date.parse(json.start_date) && Date.parse(json.start_date) <= Date.now())
    assert.deepStrictEqual((await call("GET", `/${json.trial_id}`, mia)).json, json)
    assert.notProperty((await call("GET", `/${await begin(mia)}`, mia)).json, "phone")
  })

  it("a trial is seen by the customer that began it, operators and viewers; an operator's by no customer", async () => {
    const [mia, tom] = [customer(), customer()]
    const [hers, his, ours] = [await begin(mia), await begin(tom), await begin(operator.as)]
    assert.deepStrictEqual(await ids(mia), [hers])
    assert.deepStrictEqual(await ids(tom), [his])
    for (const as of [operator.as, "viewer:vera"] as const) {
      assert.includeMembers(await ids(as), [hers, his, ours])
      assert.strictEqual((await call("GET", `/${ours}`, as)).status, 200)
    }
    for (const id of [his, ours, "TRL-nope", "%00", "x".repeat(5000)]) {
      for (const [method, body] of [["GET"], ["PATCH", { status: "cancelled" }], ["DELETE"]] as const) {
        const { json, status } = await call(method, `/${id}`, mia, body)
        assert.strictEqual(status, 404, `${method} ${id.slice(0, 20)}`)
        if (id.startsWith("TRL")) assert.strictEqual(json.code, "trial_not_found")
      }
    }
    assert.strictEqual((await call("GET", `/${his}`, tom)).json.status, "active")
  })

  it("converted, cancelled and expired are final", async () => {
    const cursor = await feedEnd(hiring)
    for (const first of ["converted", "cancelled", "expired"]) {
      const mia = customer()
      const id = await begin(mia)
      const ended = await call("PATCH", `/${id}`, mia, { status: first })
      assert.deepStrictEqual([ended.status, ended.json.status], [200, first])
      for (const then of ["converted", "cancelled", "expired"]) {
        const { json, status } = await call("PATCH", `/${id}`, operator.as, { status: then })
        assert.deepStrictEqual([status, json.code, json.trial_status], [409, "trial_ended", first])
      }
      assert.deepStrictEqual((await call("GET", `/${id}`, mia)).json, ended.json)
    }
    assert.deepStrictEqual((await follow(hiring, cursor)).items, [])
  })

  it("of ten requests at once that end a trial, one does", async () => {
    const id = await begin(operator.as)
    const answers = await Promise.all(
      Array.from(
        { length: 10 },
        (_, n) => call("PATCH", `/${id}`, operator.as, { status: n % 2 === 0 ? "converted" : "cancelled" }),
      ),
    )
    assert.deepStrictEqual(answers.map(({ status }) => status).sort(), [200, ...Array(9).fill(409)])
  })

  it("a trial is removed once, by its customer or an operator, ended or not", async () => {
    const mia = customer()
    const [one, other] = [await begin(mia), await begin(mia)]
    await call("PATCH", `/${other}`, mia, { status: "cancelled" })
    const gone = await call("DELETE", `/${one}`, mia)
    assert.deepStrictEqual([gone.status, gone.json], [200, { deleted: true, trial_id: one }])
    assert.strictEqual((await call("DELETE", `/${other}`, operator.as)).status, 200)
    for (const id of [one, other]) {
      assert.strictEqual((await call("DELETE", `/${id}`, mia)).status, 404)
      assert.strictEqual((await call("GET", `/${id}`, operator.as)).status, 404)
    }
    assert.deepStrictEqual(await ids(mia), [])
  })

  it("lists come in pages, oldest first, by status when asked", async () => {
    const mia = customer()
    const made: Array<string> = []
    for (let n = 0; n < 5; n++) made.push(await begin(mia))
    await call("PATCH", `/${made[1]}`, mia, { status: "converted" })
    const first = (await call("GET", "?limit=3", mia)).json
    const rest = (await call("GET", `?limit=3&cursor=${first.next_cursor}`, mia)).json
    const all: Array<{ trial_id: string; start_date: string }> = [...first.items, ...rest.items]
    // An id begins with its millisecond; within one, either may come first
    assert.deepStrictEqual(all.map((one) => one.trial_id), made.toSorted())
    assert.deepStrictEqual(all.map((one) => one.start_date), all.map((one) => one.start_date).toSorted())
    assert.strictEqual(rest.next_cursor, null)
    assert.deepStrictEqual(await ids(mia, "?status=converted"), [made[1]])
    assert.strictEqual((await ids(mia, "?status=active")).length, 4)
    for (const query of ["?status=paused", "?cursor=bad!", "?limit=0", "?limit=201", "?more=1"]) {
      assert.strictEqual((await call("GET", query, mia)).status, 400, query)
    }
  })

  it("faults are refused by their path, an unknown agent type is not found, and nothing is stored", async () => {
    const mia = customer()
    const faults: ReadonlyArray<[Record<string, unknown>, string]> = [
      [{ customer_name: "" }, "$.customer_name"],
      [{ customer_email: "mia" }, "$.customer_email"],
      [{ company: " " }, "$.company"],
      [{ phone: "none" }, "$.phone"],
      [{ agent_id: 7 }, "$.agent_id"],
      [{ status: "active" }, "$.status"],
    ]
    for (const [fault, path] of faults) {
      const { json, status } = await call("POST", "", mia, { ...valid, ...fault })
      assert.deepStrictEqual([status, json.code, json.errors[0].path], [400, "invalid_request", path])
    }
    const unknown = await call("POST", "", mia, { ...valid, agent_id: "no.such.type" })
    assert.deepStrictEqual([unknown.status, unknown.json.code], [404, "agent_type_not_found"])
    hiring.neighbours.catalogAnswers = false
    const away = await call("POST", "", mia, valid)
    hiring.neighbours.catalogAnswers = true
    assert.deepStrictEqual([away.status, away.json.code], [503, "unavailable"])
    assert.deepStrictEqual(await ids(mia), [])
    const id = await begin(mia)
    for (const body of [{ status: "active" }, { status: "over" }, {}, { status: "converted", company: "x" }]) {
      assert.strictEqual((await call("PATCH", `/${id}`, mia, body)).status, 400, JSON.stringify(body))
    }
    assert.strictEqual((await call("GET", `/${id}`, mia)).json.status, "active")
  })

  const deliverables = "service:deliverables"

  it("deliverables reads a trial with its customer, by which it decides who sees what was made in it", async () => {
    const mia = customer()
    for (const [as, customer_id] of [[mia, mia.slice("customer:".length)], [operator.as, null]] as const) {
      const id = await begin(as)
      const own = await call("GET", `/${id}`, as)
      assert.deepStrictEqual((await call("GET", `/${id}`, deliverables)).json, { ...own.json, customer_id })
    }
    assert.strictEqual((await call("GET", "/TRL-nope", deliverables)).json.code, "trial_not_found")
  })

  it("viewers write no trial, services neither write nor list them, and a token is needed", async () => {
    const id = await begin(operator.as)
    const writes: ReadonlyArray<[string, string, unknown?]> = [
      ["POST", "", valid],
      ["PATCH", `/${id}`, { status: "converted" }],
      ["DELETE", `/${id}`],
    ]
    for (const [method, path, body] of writes) {
      for (const as of ["viewer:vera", scheduler.as] as const) {
        const { json, status } = await call(method, path, as, body)
        assert.deepStrictEqual([status, json.code], [403, "wrong_role"], `${method} ${as}`)
      }
      assert.strictEqual((await call(method, path, undefined, body)).status, 401)
    }
    assert.strictEqual((await call("GET", "", scheduler.as)).status, 403)
    assert.strictEqual((await call("GET", `/${id}`, operator.as)).json.status, "active")
  })

  it("under an Idempotency-Key one request begins one trial", async () => {
    const mia = customer()
    const headers = { "idempotency-key": "try" }
    const first = await call("POST", "", mia, valid, headers)
    const again = await call("POST", "", mia, valid, headers)
    assert.deepStrictEqual([again.status, again.json], [201, first.json])
    assert.strictEqual(again.headers.get("idempotency-replayed"), "true")
    assert.strictEqual(again.headers.get("location"), first.headers.get("location"))
    assert.strictEqual((await call("POST", "", mia, { ...valid, company: "Other" }, headers)).status, 422)
    assert.deepStrictEqual(await ids(mia), [first.json.trial_id])
  })

  it("of requests at once each key begins one trial, and is kept with its reply: none is ever reserved without", async () => {
    for (const as of [customer(), operator.as] as const) {
      const before = await ids(as)
      const keys = Array.from({ length: 20 }, (_, n) => n % 2 === 0 ? "same" : `own-${n}`)
      const answers = await Promise.all(keys.map((key) => call("POST", "", as, valid, { "idempotency-key": key })))
      const made = answers.filter(({ status }) => status === 201)
      for (const { json, status } of answers) if (status !== 201) assert.strictEqual(json.code, "idempotency_in_flight")
      const ofSame = answers.filter(({ status }, n) => n % 2 === 0 && status === 201).map(({ json }) => json.trial_id)
      assert.strictEqual(new Set(ofSame).size, 1)
      const begun = [...new Set(made.map(({ json }) => json.trial_id))]
      assert.lengthOf(begun, 11)
      assert.sameMembers((await ids(as)).filter((id) => !before.includes(id)), begun)
      const [row] = await hiring.sql((sql) =>
        sql<{ n: number; kept: number }>`
          select count(*)::int as n, count(reply_status)::int as kept from idempotency_keys
          where caller = ${as} and (key = 'same' or key like 'own-%')`
      )
      assert.deepStrictEqual(row, { n: 11, kept: 11 })
    }
  })

  it("a trial under a key that waits for its customer's lock is begun once that is free; others do not wait", async () => {
    const [mia, tom] = [customer(), customer()]
    const held = Promise.withResolvers<void>()
    const taken = Promise.withResolvers<void>()
    const holding = hiring.sql((sql) =>
      sql.withTransaction(
        Effect.andThen(
          sql`select pg_advisory_xact_lock(${QUOTA_LOCK}::int, hashtext(${mia.slice("customer:".length)}))`,
          Effect.andThen(Effect.sync(() => taken.resolve()), Effect.promise(() => held.promise)),
        ),
      )
    )
    await taken.promise
    const waiting = call("POST", "", mia, valid, { "idempotency-key": "waits" })
    assert.strictEqual((await call("POST", "", tom, valid, { "idempotency-key": "free" })).status, 201)
    assert.deepStrictEqual(await ids(mia), [])
    held.resolve()
    await holding
    assert.strictEqual((await waiting).status, 201)
    assert.lengthOf(await ids(mia), 1)
  })
})
