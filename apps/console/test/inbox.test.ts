/** The pure parts of the inbox: its URL, its lines, an edit on top of another, and what changed in words. */
import type { Change } from "@stint/domain/deliverables/Revisions"
import { CustomerId } from "@stint/domain/Ids"
import type { DraftPayload } from "@stint/domain/Payload"
import { assert, describe, it } from "vitest"
import { onto } from "../src/screens/inbox/draft/KeptEdit.ts"
import { summaryOf } from "../src/screens/inbox/draft/Places.ts"
import { type Entry, linesOf, placeOf, targetOf } from "../src/screens/inbox/Entries.ts"
import { filterOf, searchOf } from "../src/screens/inbox/Search.ts"

const entry = (id: string, goal: string): Entry => ({ id, goal, hire: "HAI-1" })

describe("the inbox's URL", () => {
  it("keeps what it knows, and asks for no order of what is decided on", () => {
    assert.deepStrictEqual(searchOf({ show: "waiting", order: "created", age: "never", agent: " ", flat: "yes" }), {})
    const search = { show: "approved", agent: "HAI-1", type: "a.v1", age: "day", order: "expiry", flat: true } as const
    assert.deepStrictEqual(searchOf({ ...search, other: 1 }), search)
    const now = Date.UTC(2026, 10, 30)
    const filter = filterOf(CustomerId.make("acme"), search, now)
    assert.deepInclude(filter, { review_status: "approved", execution_status: "not_executed", agent_id: "a.v1" })
    assert.deepStrictEqual([filter.order, filter.from, filter.to], [undefined, "2026-11-29T00:00:00.000Z", undefined])
    assert.strictEqual(filterOf(CustomerId.make("acme"), { order: "expiry" }, now).order, "expiry")
  })
})

describe("lines of the inbox", () => {
  const entries = [entry("1", "a"), entry("2", "b"), entry("3", "a"), entry("4", "a")]

  it("fold a goal of three drafts where its first one stands, and lead to that one", () => {
    const folded = linesOf(entries, { folds: true, unfolded: new Set() })
    assert.deepStrictEqual(folded.map(targetOf), ["1", "2"])
    assert.deepStrictEqual(["1", "4", "2", "5"].map((id) => placeOf(folded, id)), [0, 0, 1, -1])
  })

  it("unfolded show each draft after the goal, which leads nowhere itself", () => {
    const lines = linesOf(entries, { folds: true, unfolded: new Set(["a"]) })
    assert.deepStrictEqual(lines.map(targetOf), [undefined, "1", "3", "4", "2"])
    assert.strictEqual(placeOf(lines, "4"), 3)
    assert.deepStrictEqual(linesOf(entries, { folds: false, unfolded: new Set() }).map(targetOf), ["1", "2", "3", "4"])
  })
})

describe("an edit on top of what was written meanwhile", () => {
  it("keeps what only one of both changed, and the hand's where both did", () => {
    const base = { posts: [{ text: "a" }, { text: "b" }], title: "t", gone: 1 }
    const mine = { posts: [{ text: "A" }, { text: "b" }], title: "mine", gone: 1 }
    const theirs = { posts: [{ text: "a" }, { text: "B" }], title: "theirs", more: 2 }
    assert.deepStrictEqual(onto(base, mine, theirs), {
      posts: [{ text: "A" }, { text: "B" }],
      title: "mine",
      more: 2,
    })
    // lists of other lengths can't be told apart by place: the hand's is taken whole
    assert.deepStrictEqual(onto(["a"], ["b"], ["a", "c"]), ["b"])
  })
})

describe("what changed", () => {
  it("is counted in words by the part that it is in", () => {
    const payload = {
      type: "marketing_draft_batch_v1",
      variants: [{ platform: "linkedin", text: "", hashtags: [] }],
    } as unknown as DraftPayload
    const changes: ReadonlyArray<Change> = [
      {
        path: ["variants", 0, "text"],
        before: "before a visit",
        after: "the evening before",
        words: [{ kind: "removed", text: "before a visit" }, { kind: "added", text: "the evening before it" }],
      },
      { path: ["suggested_schedule_local", 0], before: "09:00", after: "10:00" },
    ]
    assert.strictEqual(summaryOf(changes, payload), "4 words in LinkedIn, 1 value in Suggested schedule local")
  })
})
