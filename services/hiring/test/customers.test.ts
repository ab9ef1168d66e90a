/** Customers: who may make and see which record, what is normalised, and what is unique. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { Send } from "../../../tests/support/Service.ts"
import { base, type Hiring, loseReply, operator, scheduler, startHiring } from "./Harness.ts"

let made = 0

/** A valid body, unlike any other. */
const body = (more: Record<string, unknown> = {}) => {
  const n = ++made
  return {
    full_name: "Anita Mehta",
    email: `anita${n}@example.com`,
    phone: `+91-98765-${String(n).padStart(5, "0")}`,
    business_name: "Mehta Clinic",
    business_industry: "Dermatology",
    business_address: "12 MG Road, Pune",
    preferred_contact_method: "email",
    consent: true,
    ...more,
  }
}

describe("customers", () => {
  let hiring: Hiring
  beforeAll(async () => {
    hiring = await startHiring()
  })
  afterAll(() => hiring.end())

  const create = (as: Send["as"], sent: unknown, headers: Record<string, string> = {}) =>
    hiring.call("POST", `${base}/customers`, { ...as === undefined ? {} : { as }, body: sent, headers })
  const get = (path: string, as: Send["as"]) =>
    hiring.call("GET", `${base}/customers${path}`, as === undefined ? {} : { as })
  const withEmail = async (email: string) => (await get(`?email=${email}`, operator.as)).json.items

  it("a customer makes its own record, under its subject, with its e-mail address and phone number normalised", async () => {
    const sent = body({
      email: " Anita.Mehta@Example.COM ",
      phone: "+91 98765 4 3210",
      website: "https://mehta.example",
      gst_number: "27ABCDE1234F1Z5",
    })
    const { headers, json, status } = await create("customer:auth0|anita", sent)
    assert.strictEqual(status, 201, JSON.stringify(json))
    assert.strictEqual(headers.get("location"), "/api/v1/customers/auth0|anita")
    assert.deepStrictEqual(json, {
      ...sent,
      customer_id: "auth0|anita",
      email: "anita.mehta@example.com",
      phone: "+919876543210",
      verified_at: null,
      created_at: json.created_at,
      updated_at: json.created_at,
    })
    assert.match(json.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    assert.deepStrictEqual((await get(`/${encodeURIComponent("auth0|anita")}`, "customer:auth0|anita")).json, json)
  })

  it("an operator makes a record under a new id; a field that was left out stays out", async () => {
    const { json, status } = await create(operator.as, body())
    assert.strictEqual(status, 201)
    assert.match(json.customer_id, /^CUS-[0-9a-f-]{36}$/)
    assert.strictEqual(json.verified_at, json.created_at)
    assert.notProperty(json, "website")
    assert.notProperty(json, "gst_number")
    assert.deepStrictEqual((await get(`/${json.customer_id}`, "viewer:vera")).json, json)
  })

  it("a record is seen by its customer, operators and viewers, and not found by another customer", async () => {
    const { customer_id, email } = (await create("customer:acme", body())).json
    const other = await get(`/${customer_id}`, "customer:other")
    assert.deepStrictEqual([other.status, other.json.code], [404, "customer_not_found"])
    for (const id of ["CUS-nope", "has space", "x".repeat(300), "%00"]) {
      assert.strictEqual((await get(`/${encodeURIComponent(id)}`, operator.as)).status, 404, id)
    }
    assert.strictEqual((await get("/unknown", "customer:unknown")).status, 404)
    assert.deepStrictEqual((await get("", "customer:other")).json, { items: [], next_cursor: null })
    const ids = async (as: Send["as"], query: string) =>
      (await get(query, as)).json.items.map((one: { customer_id: string }) => one.customer_id)
    assert.deepStrictEqual(await ids("customer:acme", ""), ["acme"])
    assert.deepStrictEqual(await ids("viewer:vera", `?email=${email.toUpperCase()}`), ["acme"])
    assert.deepStrictEqual(await ids("customer:other", `?email=${email}`), [])
    assert.deepStrictEqual(await ids(operator.as, "?email=nobody@example.com"), [])
  })

  it("lists come in pages", async () => {
    const made = []
    for (let n = 0; n < 3; n++) made.push((await create(operator.as, body())).json.customer_id)
    const all: Array<string> = []
    for (let cursor = ""; cursor !== "end";) {
      const { json } = await get(`?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`, operator.as)
      assert.isAtMost(json.items.length, 2)
      all.push(...json.items.map((one: { customer_id: string }) => one.customer_id))
      cursor = json.next_cursor ?? "end"
    }
    assert.includeMembers(all, made)
    assert.deepStrictEqual(all, [...new Set(all)].sort())
    for (const query of ["?cursor=bad!", "?limit=0", "?limit=201", "?email=nobody", "?more=1"]) {
      assert.strictEqual((await get(query, operator.as)).status, 400, query)
    }
  })

  it("an operator learns what another verified customer has, and nothing is stored", async () => {
    const first = body({ email: "First@example.com", phone: "98 765 11111" })
    const made = (await create(operator.as, first)).json
    const refused = async (as: Send["as"], sent: Record<string, unknown>) => {
      const { json, status } = await create(as, sent)
      assert.deepStrictEqual([status, json.code], [409, "customer_exists"], JSON.stringify(json))
      const email = (sent.email as string).toLowerCase()
      assert.deepStrictEqual(await withEmail(email), email === made.email ? [made] : [])
      return json.errors.map(({ path }: { path: string }) => path)
    }
    assert.deepStrictEqual(await refused(operator.as, body({ email: "FIRST@example.com" })), ["$.email"])
    assert.deepStrictEqual(await refused(operator.as, body({ phone: "9876511111" })), ["$.phone"])
    assert.deepStrictEqual(await refused(operator.as, first), ["$.email", "$.phone"])
  })

  it("B7: a customer learns nothing of who else has an e-mail address, and can't take a stranger's", async () => {
    const stranger = body()
    const answers = []
    for (const as of ["customer:squatter", "customer:late"] as const) answers.push(await create(as, stranger))
    const known = (await create(operator.as, body())).json
    answers.push(await create("customer:curious", body({ email: known.email, phone: known.phone })))
    for (const { json, status } of answers) {
      assert.strictEqual(status, 201, JSON.stringify(json))
      assert.strictEqual(json.verified_at, null)
    }
    // its own record is no secret to it, and all that it is told
    const again = await create("customer:late", body({ email: known.email }))
    assert.deepStrictEqual([again.status, again.json.errors.map((e: { path: string }) => e.path)], [409, ["$"]])
    assert.deepStrictEqual((await get(`?email=${known.email}`, "customer:squatter")).json.items, [])
    assert.deepStrictEqual((await create(operator.as, stranger)).status, 201)
  })

  it("B7: an operator verifies whose contacts they are; then they are one customer's, and a line says so", async () => {
    const shared = body()
    for (const as of ["customer:first-claim", "customer:second-claim"] as const) await create(as, shared)
    const verify = (id: string, as: Send["as"] = operator.as) =>
      hiring.call("POST", `${base}/customers/${id}/verify`, { ...as === undefined ? {} : { as }, body: {} })
    for (const as of ["customer:second-claim", "viewer:vera", scheduler.as] as const) {
      assert.strictEqual((await verify("second-claim", as)).status, 403, as)
    }
    assert.strictEqual((await verify("nobody-at-all")).status, 404)
    const claims = await Promise.all(["first-claim", "second-claim"].map((id) => verify(id)))
    assert.deepStrictEqual(claims.map(({ status }) => status).sort(), [200, 409])
    const [won, lost] = claims[0]!.status === 200 ? claims : claims.toReversed()
    assert.isNotNull(won!.json.verified_at)
    assert.deepStrictEqual(lost!.json.errors.map((e: { path: string }) => e.path), ["$.email", "$.phone"])
    assert.deepStrictEqual((await verify(won!.json.customer_id)).json, won!.json)
    const lines = (await hiring.call("GET", `${base}/hiring/actions`, operator)).json.items.filter((
      line: { action: string },
    ) => line.action === "customer_verify")
    assert.deepStrictEqual(lines.map((line: { action_metadata: unknown }) => line.action_metadata), [{
      customer_id: won!.json.customer_id,
    }])
  })

  it("of twenty requests at once with one e-mail address, one makes a record", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => create(operator.as, body({ email: "race@example.com" }))),
    )
    assert.deepStrictEqual(answers.map(({ status }) => status).sort(), [201, ...Array(19).fill(409)])
    assert.strictEqual((await withEmail("race@example.com")).length, 1)
  })

  it("a body that is not valid is refused with the path of each fault, and nothing is stored", async () => {
    const faults: ReadonlyArray<[Record<string, unknown>, string]> = [
      [{ full_name: "  " }, "$.full_name"],
      [{ full_name: "x".repeat(201) }, "$.full_name"],
      [{ full_name: 7 }, "$.full_name"],
      [{ email: "no at sign" }, "$.email"],
      [{ email: "a b@example.com" }, "$.email"],
      [{ email: "a\u0085b@example.com" }, "$.email"],
      [{ email: `${"x".repeat(250)}@example.com` }, "$.email"],
      [{ phone: "call me" }, "$.phone"],
      [{ phone: "+1234" }, "$.phone"],
      [{ phone: "-------" }, "$.phone"],
      [{ business_address: "" }, "$.business_address"],
      [{ website: "" }, "$.website"],
      [{ gst_number: null }, "$.gst_number"],
      [{ preferred_contact_method: "fax" }, "$.preferred_contact_method"],
      [{ consent: "yes" }, "$.consent"],
      [{ customer_id: "acme" }, "$.customer_id"],
    ]
    for (const [fault, path] of faults) {
      const { json, status } = await create("customer:faulty", body(fault))
      assert.deepStrictEqual([status, json.code], [400, "invalid_request"], JSON.stringify(fault))
      assert.deepStrictEqual(json.errors.map((one: { path: string }) => one.path), [path])
    }
    const empty = await create("customer:faulty", {})
    assert.deepStrictEqual(
      empty.json.errors.map((one: { path: string }) => one.path).sort(),
      Object.keys(body()).map((key) => `$.${key}`).sort(),
    )
    assert.strictEqual((await get("/faulty", operator.as)).status, 404)
  })

  it("viewers make no record, services neither make nor read one, and a token is needed", async () => {
    for (const as of ["viewer:vera", scheduler.as] as const) {
      const { json, status } = await create(as, body())
      assert.deepStrictEqual([status, json.code], [403, "wrong_role"])
    }
    assert.strictEqual((await get("", scheduler.as)).status, 403)
    assert.strictEqual((await get("/acme", scheduler.as)).status, 403)
    assert.strictEqual((await create(undefined, body())).status, 401)
    assert.strictEqual((await get("", undefined)).status, 401)
  })

  it("under an Idempotency-Key one request makes one record, also after a crash before the reply was kept", async () => {
    for (const as of ["customer:keyed", operator.as] as const) {
      const sent = body()
      const headers = { "idempotency-key": `signup-${as}` }
      const first = await create(as, sent, headers)
      const again = await create(as, sent, headers)
      assert.deepStrictEqual([again.status, again.json], [201, first.json])
      assert.strictEqual((await create(as, body(), headers)).status, 422)
      await loseReply(hiring, headers["idempotency-key"])
      const anew = await create(as, sent, headers)
      assert.deepStrictEqual([anew.status, anew.json], [201, first.json])
      assert.deepStrictEqual(await withEmail(sent.email as string), [first.json])
    }
  })

  it("a subscription needs no customer record", async () => {
    const subscribed = await hiring.call("POST", `${base}/subscriptions`, {
      as: "customer:stranger",
      body: { agent_id: "marketing.healthcare.v1", customer_id: "stranger", duration: "monthly" },
    })
    assert.strictEqual(subscribed.status, 201)
  })
})
