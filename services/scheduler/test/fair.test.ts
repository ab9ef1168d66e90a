/** How a claim is shared, whatever lanes there are. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { allocate, type Bounds, type Lane, RANK, type Room } from "../src/Queue/Fair.ts"

const lane = (rank: number, customer_id: string, agent_id = "a"): Lane => ({ rank, customer_id, agent_id })
const unbound: Bounds = { rooms: [], retries: 1000 }
const total = (shares: ReadonlyArray<{ readonly quota: number }>) => shares.reduce((sum, { quota }) => sum + quota, 0)

describe("a claim is shared", () => {
  it("evenly between the lanes of the schedule", () => {
    const shares = allocate([lane(2, "acme"), lane(2, "bolt"), lane(2, "cove")], 200, unbound)
    assert.deepStrictEqual(shares.map(({ quota }) => quota), [67, 67, 66])
  })

  it("one to each, as far as it goes, when there are more lanes than places", () => {
    const lanes = Array.from({ length: 5 }, (_, n) => lane(2, `c${n}`))
    assert.deepStrictEqual(allocate(lanes, 3, unbound).map(({ customer_id }) => customer_id), ["c0", "c1", "c2"])
  })

  it("persons come first, but the schedule keeps half", () => {
    const shares = allocate([lane(1, "acme"), lane(2, "bolt")], 200, unbound)
    assert.deepStrictEqual(shares.map(({ quota, rank }) => [rank, quota]), [[1, 100], [2, 100]])
    assert.strictEqual(allocate([lane(1, "acme")], 200, unbound)[0]!.quota, 200)
  })

  it("retries get a quarter beside the schedule, all of it alone, and never more than their budget", () => {
    const both = [lane(2, "acme"), lane(3, "acme")]
    assert.deepStrictEqual(allocate(both, 200, unbound).map(({ quota }) => quota), [150, 50])
    assert.deepStrictEqual(allocate(both, 200, { ...unbound, retries: 7 }).map(({ quota }) => quota), [193, 7])
    assert.strictEqual(allocate([lane(3, "acme")], 200, unbound)[0]!.quota, 200)
    assert.deepStrictEqual(allocate([lane(3, "acme")], 200, { ...unbound, retries: 0 }), [])
  })

  it("a customer's own room holds over the one for every customer, and an agent type's beside it", () => {
    const rooms: ReadonlyArray<Room> = [
      { kind: "every_customer", subject: "*", room: 5 },
      { kind: "customer", subject: "acme", room: 8 },
      { kind: "customer", subject: "bolt", room: 4 },
      { kind: "agent_type", subject: "b", room: 2 },
    ]
    const lanes = [lane(2, "acme"), lane(2, "bolt"), lane(2, "cove", "b"), lane(2, "dune", "b")]
    const shares = allocate(lanes, 200, { ...unbound, rooms })
    assert.deepStrictEqual(shares.map(({ customer_id, quota }) => [customer_id, quota]), [
      ["acme", 8],
      ["bolt", 4],
      ["cove", 2],
    ])
  })

  const Rank = Schema.Literals([0, 1, 2, 3])
  const Name = Schema.Literals(["a", "b", "c", "d"])
  const Lanes = Schema.Array(Schema.Struct({ rank: Rank, customer_id: Name, agent_id: Name }))
  const Small = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 }))
  const Kind = Schema.Literals(["customer", "agent_type"])
  it.prop(
    "never more than the places, the limits and the budget; every open lane gets one while there are places",
    [Lanes, Small, Schema.Array(Schema.Struct({ kind: Kind, subject: Name, room: Small })), Small],
    ([given, free, rooms, retries]) => {
      const lanes = [...new Map(given.map((one) => [JSON.stringify(one), one])).values()]
      const ruling = [...new Map(rooms.map((one) => [`${one.kind} ${one.subject}`, one])).values()]
      const shares = allocate(lanes, free, { ...unbound, rooms: ruling, retries })
      assert.isAtMost(total(shares), free)
      assert.isAtMost(total(shares.filter(({ rank }) => rank === RANK.retry)), retries)
      for (const { kind, room, subject } of ruling) {
        const field = kind === "customer" ? "customer_id" : "agent_id"
        assert.isAtMost(total(shares.filter((share) => share[field] === subject)), room)
      }
      assert.isTrue(shares.every(({ quota }) => quota >= 1))
      const scheduled = lanes.filter(({ rank }) => rank === RANK.schedule)
      const others = lanes.length - scheduled.length
      if (ruling.length === 0 && others === 0 && scheduled.length <= free) {
        assert.strictEqual(shares.length, scheduled.length)
      }
    },
  )
})
