import { assert, describe, it } from "@effect/vitest"
import { CustomerId } from "@stint/domain/Ids"
import { probesOf, scopeOf } from "@stint/gateway/Changes/Policy"

const acme = { subject: "acme", role: "customer" } as const
const ann = { subject: "ann", role: "customer", customer_id: CustomerId.make("acme") } as const

describe("who sees the same changes", () => {
  it("is a customer with all its people, and nobody of its people's names", () => {
    assert.strictEqual(scopeOf(ann), scopeOf(acme))
    assert.deepStrictEqual(probesOf(ann), probesOf(acme))
    assert.isTrue(probesOf(ann)[0]!.path.includes("customer_id=acme&"))
    assert.notStrictEqual(scopeOf(ann), scopeOf({ subject: "ann", role: "customer" }))
    assert.strictEqual(scopeOf({ subject: "acme", role: "operator" }), "everybody")
  })
})
