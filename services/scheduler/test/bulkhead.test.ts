/** Which runs are called together, when calls fail (Engine/Bulkhead.ts). */
import { assert, describe, it } from "vitest"
import { byCustomer, makeBulkhead } from "../src/Engine/Bulkhead.ts"
import type { ClaimedRun } from "../src/Model.ts"

const runsOf = (customer: string, count: number) =>
  Array.from({ length: count }, (_, n) =>
    ({
      scheduled_run_id: `${customer}-${n}`,
      customer_id: customer,
    }) as unknown as ClaimedRun)

const counts = (groups: ReadonlyArray<ReadonlyArray<ClaimedRun>>) =>
  groups.map((group) => group.map(({ customer_id }) => customer_id).join(""))

describe("the bulkhead", () => {
  it("A3: all customers share a call until one of a customer fails; then it has its own, ever smaller, and back", () => {
    const bulkhead = makeBulkhead()
    const [a, b] = [runsOf("a", 8), runsOf("b", 2)]
    const all = [...a, ...b]
    assert.deepStrictEqual(counts(bulkhead.part(all).groups), ["aaaaaaaabb"])
    assert.deepStrictEqual(counts(byCustomer(all)), ["aaaaaaaa", "bb"])
    bulkhead.failed(a)
    for (const [size, later] of [[4, 4], [2, 6], [1, 7], [1, 7]] as const) {
      const parted = bulkhead.part(all)
      assert.deepStrictEqual(counts(parted.groups), ["bb", "a".repeat(size)])
      assert.strictEqual(parted.later.length, later)
      assert.deepStrictEqual(counts(bulkhead.part(all).groups), ["bb"], "one call of it at a time")
      bulkhead.failed(parted.groups[1]!)
      bulkhead.done(parted.groups[1]!)
    }
    for (let size = 1; size <= 128; size *= 2) {
      const many = runsOf("a", 300)
      const [own] = bulkhead.part(many).groups
      assert.strictEqual(own!.length, size)
      bulkhead.answered(own!)
      bulkhead.done(own!)
    }
    assert.strictEqual(bulkhead.part(runsOf("a", 300)).groups[0]!.length, 300)
  })

  it("C2: a run that got no answer alone is charged the second time: once may be the instant at which deliverables went", () => {
    const bulkhead = makeBulkhead()
    const [run] = runsOf("a", 1)
    assert.deepStrictEqual([1, 2, 3, 4].map(() => bulkhead.isCharged(run!)), [false, true, false, true])
    assert.isFalse(bulkhead.isCharged(run!))
    bulkhead.answered([run!])
    assert.isFalse(bulkhead.isCharged(run!), "an answer in between begins anew")
  })
})
