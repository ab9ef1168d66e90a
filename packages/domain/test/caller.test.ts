import { assert, describe, it } from "@effect/vitest"
import { type Caller, canSee, CurrentCaller, customerOf, visibleCustomer } from "@stint/domain/Caller"
import { CustomerId } from "@stint/domain/Ids"
import { Effect } from "effect"

const acme = CustomerId.make("acme")
const other = CustomerId.make("other")
const customer: Caller = { subject: "acme", role: "customer" }
const others = (["operator", "viewer", "service"] as const).map((role): Caller => ({ subject: "acme", role }))

const ask = (caller: Caller, asked?: CustomerId) =>
  visibleCustomer(asked, () => "not found" as const).pipe(
    Effect.provideService(CurrentCaller, caller),
    Effect.match({ onSuccess: (id) => id ?? "every customer", onFailure: (error) => error }),
  )

describe("ownership", () => {
  it.effect("a customer may name itself, and is meant when it names nobody", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* ask(customer, acme), "acme")
      assert.strictEqual(yield* ask(customer), "acme")
      assert.strictEqual(customerOf(customer), acme)
      assert.isTrue(canSee(customer, acme))
    }))

  it.effect("another customer, or nobody's, does not exist for a customer", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* ask(customer, other), "not found")
      assert.isFalse(canSee(customer, other))
      assert.isFalse(canSee(customer, null))
    }))

  it.effect.each(others)("every customer exists for $role", (caller) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* ask(caller, other), "other")
      assert.strictEqual(yield* ask(caller), "every customer")
      assert.isTrue(canSee(caller, null))
    }))
})
