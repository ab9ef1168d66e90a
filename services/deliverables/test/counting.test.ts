/** Which approvals count, and for how many people. */
import { assert, describe, it } from "@effect/vitest"
import { ApprovalId, CustomerId, DeliverableId, MandateId } from "@stint/domain/Ids"
import { DateTime } from "effect"
import { alike, isEnough, peopleOf } from "../src/Reviews/Counting.ts"
import type { GivenRow } from "../src/Reviews/Row.ts"

const at = DateTime.makeUnsafe("2026-03-01T09:00:00Z")
const journal = { target: "journal" } as const
const hook = { target: "webhook", url: "https://a.example/", secret_ref: "hook" } as const

const by = (decided_by: string, more: Partial<GivenRow> = {}): GivenRow => ({
  approval_id: ApprovalId.make(`APR-${decided_by}`),
  deliverable_id: DeliverableId.make("DEL-1"),
  customer_id: CustomerId.make("acme"),
  decision: "approved",
  notes: null,
  content_sha256: "a",
  target: journal,
  revision: 2,
  decided_by,
  mandate_id: null,
  definition_version: "1.0.0",
  expires_at: null,
  withdrawn_at: null,
  withdrawn_by: null,
  created_at: at,
  is_too_old: false,
  ...more,
})
const draft = { revision: 2, edited_by: "ann", approval_rules: { quorum: 2 } }
const covered = { content_sha256: "a", target: journal, definition_version: "1.0.0" }
const counts = (given: ReadonlyArray<GivenRow>, of = draft as Parameters<typeof alike>[0]) =>
  alike(of, given, covered).map(({ decided_by }) => decided_by)

describe("approvals", () => {
  it("count for the revision, content, target and version that they are of; those of 0.2.0 for any target and version", () => {
    const others: ReadonlyArray<Partial<GivenRow>> = [
      { revision: 1 },
      { content_sha256: "b" },
      { target: hook },
      { definition_version: "2.0.0" },
      { decision: "rejected" },
      { decision: "changes_requested" },
      { withdrawn_at: at, withdrawn_by: "cyd" },
      { is_too_old: true, expires_at: at },
    ]
    for (const other of others) assert.deepStrictEqual(counts([by("bob", other)]), [], JSON.stringify(other))
    assert.deepStrictEqual(counts([by("bob"), by("acme", { target: null, definition_version: null })]), ["bob", "acme"])
    const old = [by("bob", { is_too_old: true })]
    assert.lengthOf(alike(draft, old, covered, "too old"), 1)
  })

  it("count once for a person; one of a mandate for all", () => {
    assert.strictEqual(peopleOf(draft, [by("bob"), by("bob"), by("cyd")]), 2)
    assert.isFalse(isEnough(draft, [by("bob"), by("bob")]))
    assert.isTrue(isEnough(draft, [by("bob"), by("cyd")]))
    assert.isTrue(isEnough(draft, [by("acme", { mandate_id: MandateId.make("MAN-1") })]))
    assert.isFalse(isEnough({ ...draft, approval_rules: null }, []))
  })

  it("of the revision's author count, but where editors are kept apart", () => {
    assert.deepStrictEqual(counts([by("ann"), by("bob")]), ["ann", "bob"])
    const apart = { ...draft, approval_rules: { quorum: 2, separate_editor: true } }
    assert.deepStrictEqual(counts([by("ann"), by("bob")], apart), ["bob"])
    assert.deepStrictEqual(counts([by("ann", { mandate_id: MandateId.make("MAN-1") })], apart), ["ann"])
  })
})
