/** What the operator's screens compute by themselves. */
import { ActionLine } from "@stint/domain/ActionLine"
import { Schema } from "effect"
import { assert, describe, it } from "vitest"
import { instantIn, localIn } from "../src/format/Local.ts"
import { money, spent } from "../src/format/Money.ts"
import { onlyCustomerOf } from "../src/api/OnlyCustomer.ts"
import { csvOf } from "../src/format/Files.ts"
import { columns, record } from "../src/screens/audit/Export.ts"
import { mergeLogs } from "../src/screens/audit/Merge.ts"
import { mergeHead } from "../src/screens/runs/Merge.ts"
import { viewOf, viewsIn, withoutView, withView } from "../src/screens/runs/SavedViews.ts"
import { countsOf } from "../src/screens/runs/Search.ts"
import { differ } from "../src/screens/types/Diff.ts"

const lineOf = (second: number, more: object = {}) =>
  Schema.decodeUnknownSync(ActionLine)({
    log_id: `LOG-${second}`,
    action: "pause",
    operator: "ops.asha",
    timestamp: `2026-03-01T09:00:${String(second).padStart(2, "0")}.000Z`,
    goal_instance_id: null,
    reason: null,
    action_metadata: {},
    ...more,
  })

describe("a long list and its fresh beginning", () => {
  const placed = (at: number) => ({ id: "", at })
  it("has the head, then what the snapshot has after it", () => {
    assert.deepStrictEqual(mergeHead([9, 8, 6], false, [8, 7, 6, 5, 4], placed), { lines: [9, 8, 6, 5, 4], gap: false })
  })
  it("drops what left the head, also where nothing of the snapshot follows", () => {
    assert.deepStrictEqual(mergeHead([9, 6], false, [8, 7], placed), { lines: [9, 6], gap: false })
    assert.deepStrictEqual(mergeHead([], true, [8, 7], placed), { lines: [], gap: false })
  })
  it("says when lines are missing between the two", () => {
    assert.isTrue(mergeHead([9, 8], false, [5, 4], placed).gap)
  })
})

describe("views of runs that are kept", () => {
  const dead = { name: "Dead", search: { status: "dead_lettered" } } as const
  const late = { name: "A customer's, late", search: { customer: "clinic-7", late: 60 } }
  it("are found again by their filter, in whichever order it is said", () => {
    const views = withView(withView([], dead), late)
    assert.deepStrictEqual(views, [late, dead])
    assert.strictEqual(viewOf(views, { late: 60, customer: "clinic-7" }), late)
    assert.isUndefined(viewOf(views, { customer: "clinic-7" }))
    assert.deepStrictEqual(withView(views, { name: "Dead", search: {} }).map(({ search }) => search), [late.search, {}])
    assert.deepStrictEqual(withoutView(views, "Dead"), [late])
  })
  it("are read as they were kept; what is no filter is left out, and what can't be read is none", () => {
    assert.deepStrictEqual(viewsIn(JSON.stringify([late, dead])), [late, dead])
    assert.deepStrictEqual(
      viewsIn('[{ "name": "x", "search": { "status": "sleeping", "goal": "GOI-1", "more": 1 } }]'),
      [
        { name: "x", search: { goal: "GOI-1" } },
      ],
    )
    for (const text of [null, "", "{}", "[1]"]) assert.deepStrictEqual(viewsIn(text), [])
  })
  it("have counts by their status where these are cheap", () => {
    const from = "2026-03-01T00:00:00Z"
    const counted = JSON.parse(JSON.stringify(countsOf({ status: "pending", goal: "GOI-1", from })))
    assert.deepStrictEqual(counted, { goal_instance_id: "GOI-1", from })
    assert.isUndefined(countsOf({ late: 5 }))
    assert.isUndefined(countsOf({ type: "tea.v1" }))
  })
})

describe("the logs of several services as one", () => {
  it("goes down to where each is known, and names the one that is to be read on", () => {
    const merged = mergeLogs([
      { service: "catalog", lines: [lineOf(9), lineOf(4)], more: true },
      { service: "hiring", lines: [lineOf(8), lineOf(2)], more: false },
      { service: "scheduler", lines: [lineOf(7), lineOf(6)], more: true },
    ])
    assert.deepStrictEqual(merged.lines.map(({ log_id }) => log_id), ["LOG-9", "LOG-8", "LOG-7"])
    assert.deepStrictEqual(merged.blocked, ["scheduler"])
  })
  it("is whole once all are read", () => {
    const { blocked, lines } = mergeLogs([{ service: "hiring", lines: [lineOf(8), lineOf(2)], more: false }])
    assert.strictEqual(lines.length, 2)
    assert.deepStrictEqual(blocked, [])
  })
})

describe("a file of the action logs", () => {
  it("quotes what CSV needs quoted, and lets no spreadsheet take a reason for a formula", () => {
    const line = lineOf(1, { reason: '=HYPERLINK("x"), now', action_metadata: { a: 1 } })
    const csv = csvOf(columns, [record({ ...line, service: "scheduler" })])
    assert.strictEqual(
      csv.split("\r\n")[1],
      `2026-03-01T09:00:01.000Z,scheduler,pause,ops.asha,,"'=HYPERLINK(""x""), now","{""a"":1}",LOG-1`,
    )
  })
})

describe("the diff of two definitions", () => {
  const field = (key: string, label: string) => ({ key, label })
  it("matches fields by their key, and names the path of each difference", () => {
    assert.deepStrictEqual(
      differ({ fields: [field("a", "A"), field("b", "B")] }, { fields: [field("a", "Z"), field("c", "C")] }),
      [
        { path: "$.fields.a.label", before: "A", after: "Z" },
        { path: "$.fields.b", before: field("b", "B"), after: undefined },
        { path: "$.fields.c", before: undefined, after: field("c", "C") },
      ],
    )
  })
  it("sees another order of the same fields, and nothing where nothing differs", () => {
    const [a, b] = [field("a", "A"), field("b", "B")]
    assert.deepStrictEqual(differ({ fields: [a, b] }, { fields: [b, a] }), [
      { path: "$.fields (order)", before: "a, b", after: "b, a" },
    ])
    assert.deepStrictEqual(differ({ fields: [a], options: ["x"] }, { fields: [a], options: ["x"] }), [])
    assert.deepStrictEqual(differ({ options: ["x"] }, { options: ["y"] }), [{
      path: "$.options",
      before: ["x"],
      after: ["y"],
    }])
  })
})

describe("times on the wall clock of a zone", () => {
  it("are read as they are written, over a clock change as well", () => {
    assert.strictEqual(instantIn("2026-03-01T09:00:00", "Asia/Kolkata").toISOString(), "2026-03-01T03:30:00.000Z")
    assert.strictEqual(localIn(new Date("2026-03-01T03:30:00Z"), "Asia/Kolkata"), "2026-03-01T09:00:00")
    // twice there: the first; not there: as long after the change
    assert.strictEqual(instantIn("2026-10-25T02:30", "Europe/Berlin").toISOString(), "2026-10-25T00:30:00.000Z")
    assert.strictEqual(instantIn("2026-03-29T02:30", "Europe/Berlin").toISOString(), "2026-03-29T01:30:00.000Z")
  })
})

describe("money", () => {
  it("has two decimals, and the first figures of what is less than a hundredth", () => {
    assert.deepStrictEqual([0, 0.0014, 0.0000126, 0.01, 41.2, 500].map(money), [
      "0.00",
      "0.0014",
      "0.000013",
      "0.01",
      "41.20",
      "500.00",
    ])
  })
  it("stands against a budget where there is one", () => {
    const spending = { month: "2026-03", cost: 1.2, max_tokens_per_run: null }
    assert.deepStrictEqual(
      [spent({ ...spending, max_cost_per_month: 12.5 }), spent({ ...spending, max_cost_per_month: null })],
      ["1.20 of 12.50", "1.20"],
    )
  })
})

describe("that all that fails is one customer's", () => {
  const page = (of: ReadonlyArray<string | null | undefined>, next_cursor: string | null = null) => ({
    items: of.map((customer_id) => customer_id === undefined ? {} : { customer_id }),
    next_cursor,
  })
  it("is said where everything is, whatever failed of it", () => {
    assert.strictEqual(onlyCustomerOf([page(["acme", "acme"]), page([]), page(["acme"])]), "acme")
  })
  it("is not said where nothing failed, of several, of somebody unknown, and where there is more than was read", () => {
    assert.isNull(onlyCustomerOf([page([]), page([])]))
    assert.isNull(onlyCustomerOf([page(["acme"]), page(["bee"])]))
    assert.isNull(onlyCustomerOf([page(["acme", null])]))
    assert.isNull(onlyCustomerOf([page([null]), page([undefined])]))
    assert.isNull(onlyCustomerOf([page(["acme"], "next"), page([])]))
  })
})
