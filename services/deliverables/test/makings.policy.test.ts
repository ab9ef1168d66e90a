/** What follows from how a making stands, and what a maker's answer can decide: nothing but its draft's text. */
import { assert, describe, it } from "@effect/vitest"
import { marketingHealthcareDefinition } from "@stint/domain/agents/marketing_healthcare/Definition"
import { GoalTemplate } from "@stint/domain/Definition"
import { DraftPayload } from "@stint/domain/Payload"
import { DateTime, Result, Schema } from "effect"
import { DraftNotValid, MakerLate } from "../src/Makers/Errors.ts"
import { draftFrom } from "../src/Makers/Output.ts"
import { isStorable } from "../src/Makers/Storable.ts"
import { problemFrom, problemOf, standingOf, storable, toMaking } from "../src/Makings/Policy.ts"
import type { MakingRow } from "../src/Makings/Row.ts"

const now = DateTime.makeUnsafe("2026-03-01T09:00:00Z")
const row: MakingRow = {
  idempotency_key: "GOI-1:2026-03-01T09:00:00.000Z",
  state: "waiting",
  attempt: "7",
  since: now,
  deadline: now,
  calls: 0,
  note: null,
  problem: null,
  ended_for: null,
}
const failed: MakingRow = {
  ...row,
  state: "failed",
  ended_for: 10,
  problem: { code: "maker_late", detail: "It took longer than 120 s" },
}

describe("a making", () => {
  it.each<[string, MakingRow | undefined, string | undefined, string]>([
    ["that is not there", undefined, "7", "new"],
    ["that waits", row, "7", "going_on"],
    ["that waits, asked for by another attempt", row, "8", "going_on"],
    ["under way", { ...row, state: "making" }, undefined, "going_on"],
    ["that was made", { ...row, state: "made", ended_for: 1 }, "8", "going_on"],
    ["that was cancelled", { ...row, state: "cancelled", ended_for: 1 }, "7", "new"],
    ["that failed, asked for by its attempt", failed, "7", "maker_late"],
    ["that failed, asked for by another", failed, "8", "new"],
    ["that failed just now, asked for by 0.2.0", failed, undefined, "maker_late"],
    ["that failed a retry ago, asked for by 0.2.0", { ...failed, ended_for: 31 }, undefined, "new"],
  ])("%s", (_, row, attempt, expected) => {
    const standing = standingOf(row, attempt)
    assert.strictEqual(typeof standing === "string" ? standing : standing.code, expected)
  })

  it("shows no note where there is none", () => {
    assert.deepStrictEqual(Object.keys(toMaking(row)), ["state", "since", "deadline", "calls"])
    assert.strictEqual(toMaking({ ...row, note: "reading" }).note, "reading")
  })

  it("answers with the failure that was stored", () => {
    const errors = [{ path: "$.fields.reply", message: "is required" }]
    const invalid = problemFrom(problemOf(new DraftNotValid({ detail: "no draft", errors })))
    assert.deepInclude(invalid, { code: "draft_not_valid", status: 422, detail: "no draft", errors })
    const late = problemFrom(problemOf(new MakerLate({ detail: "x".repeat(600) })))
    assert.deepInclude(late, { code: "maker_late", status: 504 })
    assert.strictEqual(late.detail!.length, 500)
  })

  it.prop("keeps of any text what can be stored", { text: Schema.String }, ({ text }) => {
    const kept = storable(`${text}\0\ud800`, 300)
    assert.isAtMost(kept.length, 300)
    assert.isTrue(isStorable(kept))
  })
})

const goal = { goal_instance_id: "GOI-1" as never, goal_template_id: "t", settings: {} }
const template = Schema.decodeUnknownSync(GoalTemplate)({
  goal_template_id: "t",
  name: "T",
  default_frequency: "daily",
  settings_schema: { fields: [] },
  skill_binding: "s",
  maker: { kind: "http", url: "https://agents.example.com/" },
})
const output = { fields: [{ key: "reply", label: "Reply", type: "text" as const, required: true }] }
const common = {
  goal,
  template,
  definition: marketingHealthcareDefinition,
  hire: { hired_instance_id: "HAI-1" as never, config: {}, settings: {} },
  slot: 0,
}
const kinds = {
  structured: { ...common, agent_id: "a" as never, template: { ...template, output } },
  document: { ...common, agent_id: "a" as never },
  own: { ...common, agent_id: marketingHealthcareDefinition.agent_type_id },
}
const ours = {
  draft_only: true,
  goal_instance_id: "GOI-1",
  goal_template_id: "t",
  intent_action: "publish",
}
const isDraft = Schema.is(DraftPayload)

describe("a maker's answer", () => {
  it("becomes the draft of its template's kind", () => {
    const made = (kind: keyof typeof kinds, answer: unknown) =>
      Result.getOrThrow(draftFrom(kinds[kind], answer)).payload
    assert.deepStrictEqual(made("structured", { title: "A", fields: { reply: "b" }, body: "c" }), {
      type: "structured_deliverable_v1",
      title: "A",
      fields: { reply: "b" },
      body: "c",
      ...ours,
    } as never)
    assert.deepStrictEqual(made("document", { title: "A", body: "b" }), {
      type: "generic_deliverable_v1",
      body: "b",
      ...ours,
    } as never)
    const batch = { brand_name: "B", theme: "t", variants: [], suggested_schedule_local: [] }
    assert.deepStrictEqual(made("own", { title: "A", payload: batch }), {
      type: "marketing_draft_batch_v1",
      ...batch,
      ...ours,
    } as never)
  })

  it("is refused where it says more than that, as that it is approved", () => {
    const more = { intent_action: "none", type: "x", goal_instance_id: "GOI-2", approved: true }
    for (const kind of ["structured", "document", "own"] as const) {
      assert.isTrue(
        Result.isFailure(draftFrom(kinds[kind], { title: "A", body: "b", fields: { reply: "b" }, ...more })),
      )
    }
    const inside = draftFrom(kinds.structured, { title: "A", fields: { reply: "b", approved: true } })
    assert.isTrue(Result.isFailure(inside))
  })

  it.prop("whatever it is, is a draft whose ids, kind and intent are ours, or is none", {
    answer: Schema.JsonObject,
    text: Schema.String,
  }, ({ answer, text }) => {
    for (const [kind, input] of Object.entries(kinds)) {
      for (const given of [answer, { title: text, fields: { reply: text } }, { title: text, body: text, ...answer }]) {
        const draft = draftFrom(input, given)
        if (Result.isFailure(draft)) {
          assert.isNotEmpty(draft.failure, kind)
          continue
        }
        assert.isTrue(isDraft(draft.success.payload), kind)
        assert.isTrue(isStorable(draft.success), kind)
        assert.deepInclude(draft.success.payload as object, ours)
      }
    }
  })
})
