/** The judge of proof `signature`: what a mandate did is fine as it is here, and each way in which it would not be is found. */
import { canonicalJson } from "@stint/domain/Canonical"
import { assert, describe, it } from "@effect/vitest"
import { createHash } from "node:crypto"
import type { Event } from "./proofs/signature/Events.ts"
import { judgeAll, type Made } from "./proofs/signature/Judge.ts"

const DAY = 86_400_000
const NOON = Date.parse("2026-06-01T12:00:00Z")
/** So long after noon that no transaction that began then read what held at noon, in milliseconds. */
const LATE = 6_000

const payload = { goal_instance_id: "GOI-1", body: "was drafted" }
const hashOf = (content: unknown) => createHash("sha256").update(canonicalJson(content)).digest("hex")
const draft: Made = {
  id: "DEL-1",
  customer: "acme",
  hire: "HAI-1",
  goal: "GOI-1",
  template: "note",
  payload,
  rules: { quorum: 2 },
}

/** An event at so many milliseconds after noon, which is its number too. */
const event = (n: number, kind: string, it: object): Event => ({ n, kind, began: NOON + n, it })

const signed = (n: number, changes: object = {}): Event =>
  event(n, "mandates", {
    mandate_id: "MAN-1",
    customer_id: "acme",
    hired_instance_id: "HAI-1",
    goal_instance_id: null,
    goal_template_id: null,
    rules: [
      { path: "goal_instance_id", op: "in", value: ["GOI-1"] },
      { path: "body", op: "contains_none", value: ["forbidden"] },
      { path: "body", op: "max_length", value: 20 },
    ],
    max_uses: 1,
    per: "day",
    timezone: "UTC",
    valid_until: new Date(NOON + DAY).toISOString(),
    signed_by: "ann",
    created_at: new Date(NOON + n).toISOString(),
    revoked_at: null,
    ...changes,
  })
const revoked = (n: number) => signed(n, { revoked_at: new Date(NOON + n).toISOString() })
const revision = (n: number, changes: object = {}) =>
  event(n, "deliverable_revisions", { revision: 2, payload, by_maker: true, author: "maker", ...changes })
const use = (n: number, changes: object = {}) =>
  event(n, "approvals", {
    approval_id: "APR-1",
    decision: "approved",
    asks_changes: false,
    revision: 2,
    content_sha256: hashOf(payload),
    expires_at: null,
    decided_by: "ann",
    mandate_id: "MAN-1",
    ...changes,
  })
const withdrawal = (n: number) => event(n, "approval_withdrawals", { approval_id: "APR-1" })
const execution = (n: number) =>
  event(n, "executions", { content_sha256: hashOf(payload), body: JSON.stringify(payload) })

const judged = (ofDraft: ReadonlyArray<Event>, ofMandates: ReadonlyArray<Event>) =>
  judgeAll([draft], new Map([["DEL-1", ofDraft]]), ofMandates).map((sentence) => sentence.replace("DEL-1: ", ""))

describe("the judge of proof signature", () => {
  it("takes what a live mandate approved, also when it is revoked before the execution", () => {
    assert.deepStrictEqual(judged([revision(2), use(3), execution(5)], [signed(1), revoked(4)]), [])
  })

  const NONE = "executed with 0 approvals of 2"
  const cases: ReadonlyArray<readonly [string, ReadonlyArray<Event>, ReadonlyArray<Event>, ReadonlyArray<string>]> = [
    ["revoked before", [revision(2), use(4), execution(5)], [signed(1), revoked(3)], [
      "APR-1 was given after its mandate was revoked",
      NONE,
    ]],
    ["ended", [revision(2), use(3), execution(4)], [signed(1, { valid_until: new Date(NOON + 3).toISOString() })], [
      "APR-1 was given after its mandate had ended",
      NONE,
    ]],
    ["signed later than the revision", [revision(1), use(3), execution(4)], [signed(2)], [
      "APR-1 is a mandate's that was signed after the revision was written",
      NONE,
    ]],
    ["of another hire", [revision(2), use(3), execution(4)], [signed(1, { hired_instance_id: "HAI-2" })], [
      "APR-1 is a mandate's of other drafts",
      NONE,
    ]],
    ["of another goal", [revision(2), use(3), execution(4)], [
      signed(1, { rules: [{ path: "goal_instance_id", op: "in", value: ["GOI-2"] }] }),
    ], ["APR-1 does not satisfy goal_instance_id in of its mandate", NONE]],
    ["with a forbidden word", [revision(2), use(3), execution(4)], [
      signed(1, { rules: [{ path: "body", op: "contains_none", value: ["drafted"] }] }),
    ], ["APR-1 does not satisfy body contains_none of its mandate", NONE]],
    ["too long", [revision(2), use(3), execution(4)], [
      signed(1, { rules: [{ path: "body", op: "max_length", value: 3 }] }),
    ], ["APR-1 does not satisfy body max_length of its mandate", NONE]],
    ["once too often", [revision(2), use(3), use(4, { approval_id: "APR-2" }), withdrawal(5), execution(6)], [
      signed(1),
    ], ["APR-2 is use 2 of 1 of its mandate", NONE]],
    ["of a person's words", [revision(2, { by_maker: false, author: "bob" }), use(3), execution(4)], [signed(1)], [
      "APR-1 is a mandate's of what bob wrote",
      NONE,
    ]],
    ["in another's name", [revision(2), use(3, { decided_by: "bob" }), execution(4)], [signed(1)], [
      "APR-1 is in the name of bob, not of ann who signed",
      NONE,
    ]],
    ["that nobody signed", [revision(2), use(3), execution(4)], [], [
      "APR-1 names MAN-1, which nobody signed",
      NONE,
    ]],
    ["withdrawn", [revision(2), use(3), withdrawal(4), execution(5)], [signed(1)], [NONE]],
    ["by one person of two", [revision(2), use(3, { mandate_id: null }), execution(4)], [], [
      "executed with 1 approvals of 2",
    ]],
    [
      "that had run out",
      [
        revision(2),
        use(3, { expires_at: new Date(NOON + 10).toISOString() }),
        execution(LATE),
      ],
      [signed(1)],
      [NONE],
    ],
    [
      "after the draft had expired",
      [
        event(1, "deliverables", { revising_since: null, expires_at: new Date(NOON + 2).toISOString() }),
        revision(2),
        use(LATE),
        execution(LATE + 1),
      ],
      [signed(1)],
      ["APR-1 was taken after it had expired"],
    ],
  ]
  for (const [what, ofDraft, ofMandates, sentences] of cases) {
    it(`finds an approval ${what}`, () => {
      assert.deepStrictEqual(judged(ofDraft, ofMandates), sentences)
    })
  }
})
