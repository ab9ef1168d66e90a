/** People who act for a customer: what their tokens say, what each may do, and what they share. */
import { assert, describe, it } from "@effect/vitest"
import { claimsOf } from "@stint/edge/Auth/Claims"
import { isRevoked, parse } from "@stint/edge/Auth/Revoked"
import { Result } from "effect"
import type { Send } from "../../../tests/support/Service.ts"
import { until } from "../../../tests/support/Until.ts"
import { inMemory, start } from "./Things.ts"

const now = 1_800_000_000
const rules = { service: "things", audience: "stint", maxLifetime: 86_400, takesOld: false }
const read = (claims: Record<string, unknown>) =>
  claimsOf({ sub: "ann", role: "customer", aud: "stint", iat: now, exp: now + 600, ...claims }, rules, now)

describe("the claims of a person", () => {
  it("name the customer that it acts for, and its duties; without them it is the customer, with all duties", () => {
    const callerOf = (claims: Record<string, unknown>): object => Result.getOrThrow(read(claims)).caller
    assert.deepStrictEqual(callerOf({}), { subject: "ann", role: "customer" })
    assert.deepStrictEqual(callerOf({ customer_id: "acme" }), { subject: "ann", role: "customer", customer_id: "acme" })
    assert.deepStrictEqual(callerOf({ customer_id: "acme", duties: ["reviewer", "reader"] }), {
      subject: "ann",
      role: "customer",
      customer_id: "acme",
      duties: ["reviewer", "reader"],
    })
    assert.deepInclude(callerOf({ customer_id: "acme", duties: [] }), { duties: [] })
  })

  it("are refused with another role, an unknown duty, an ill-formed customer, or the system's name", () => {
    const refused: ReadonlyArray<Record<string, unknown>> = [
      ...["operator", "viewer", "service"].flatMap((role) => [
        { role, customer_id: "acme" },
        { role, duties: ["reader"] },
        { role, duties: [] },
      ]),
      ...[["owner"], ["reviewer", "owner"], ["Reviewer"], "reviewer", [1], null, {}].map((duties) => ({
        customer_id: "acme",
        duties,
      })),
      ...["", "a b", "a/b", 1, null, "x".repeat(129), "system", "System"].map((customer_id) => ({ customer_id })),
      { sub: "system", customer_id: "acme" },
    ]
    for (const claims of refused) assert.isTrue(Result.isFailure(read(claims)), JSON.stringify(claims))
  })

  it("are revoked by the person, not by its customer", () => {
    const claims = Result.getOrThrow(read({ customer_id: "acme" }))
    const revoked = (sub: string) => isRevoked(claims, Result.getOrThrow(parse(JSON.stringify({ sub: [sub] }))))
    assert.deepStrictEqual([revoked("ann"), revoked("acme"), revoked("bob")], [true, false, false])
  })
})

describe("what a person may do", () => {
  it("is by its duties: what changes something needs editor, unless it says reviewer or reader", async () => {
    const service = await start({}, inMemory)
    try {
      await until(
        "it serves",
        async () => (await service.call("GET", "/api/v1/things/1", { as: "customer:acme" })).status === 200,
      )
      const ask = async (as: Send["as"], method: string, path: string) => {
        const body = path === "/things/1" && method === "POST" ? { body: {} } : {}
        const { json, status } = await service.call(method, `/api/v1${path}`, { as: as!, ...body })
        return status === 200 ? "done" : `${status} ${json.code} ${json.duty ?? json.allowed_roles}`
      }
      const all = async (as: Send["as"]) => ({
        make: await ask(as, "POST", "/things/1"),
        sign: await ask(as, "POST", "/things/1/sign"),
        look: await ask(as, "POST", "/things/1/look"),
        get: await ask(as, "GET", "/things/1"),
      })
      const done = { make: "done", sign: "done", look: "done", get: "done" }
      const editor = "403 duty_missing editor"
      const reviewer = "403 duty_missing reviewer"
      assert.deepStrictEqual(await all("customer:acme"), done)
      assert.deepStrictEqual(await all("customer:acme/ann"), done)
      assert.deepStrictEqual(await all("customer:acme/ann?reviewer,editor"), done)
      assert.deepStrictEqual(await all("customer:acme/ann?reviewer"), { ...done, make: editor })
      assert.deepStrictEqual(await all("customer:acme/ann?editor"), { ...done, sign: reviewer })
      for (const as of ["customer:acme/ann?reader", "customer:acme/ann?", "customer:acme?reader"] as const) {
        assert.deepStrictEqual(await all(as), { ...done, make: editor, sign: reviewer }, as)
      }
      // of other roles no duty is asked
      assert.strictEqual(await ask("operator:olga", "POST", "/things/1/sign"), "done")
      assert.strictEqual(await ask("viewer:vera", "POST", "/things/1/sign"), "403 wrong_role customer,operator")
    } finally {
      await service.dispose()
    }
  })

  it("has keys of its own, and shares its customer's rate", async () => {
    const service = await start({ STINT_BOUNDS: "requests_per_second=1,request_burst=10" }, inMemory)
    try {
      const sign = async (as: Send["as"]) => {
        const { json, status } = await service.call("POST", "/api/v1/things/1/sign", {
          as: as!,
          headers: { "idempotency-key": "same" },
        })
        return status === 200 ? json : json.code
      }
      const ann = await sign("customer:acme/ann")
      assert.strictEqual(ann.signed_by, "ann")
      assert.deepStrictEqual(await sign("customer:acme/ann?reviewer"), ann)
      const others = [
        await sign("customer:acme/bob"),
        await sign("customer:acme"),
        await sign("customer:beta/ann"),
        await sign("customer:ann"),
      ]
      assert.lengthOf(new Set([ann, ...others].map(({ signatures }) => signatures)), 5)
      let answer: unknown
      for (let n = 0; n < 1_000 && answer !== "rate_limited"; n++) answer = await sign(`customer:acme/person-${n}`)
      assert.strictEqual(answer, "rate_limited")
      assert.strictEqual((await sign("customer:beta/ann")).signed_by, "ann")
    } finally {
      await service.dispose()
    }
  })
})
