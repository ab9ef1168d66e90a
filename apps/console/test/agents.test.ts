/** What the screens of agents compute by themselves. */
import type { Field } from "@stint/domain/Definition"
import { assert, describe, it } from "vitest"
import { descriptionOf } from "../src/form/Values.ts"
import { zoneMark } from "../src/format/Time.ts"
import { proposedFor, withoutUnseen, withProposals } from "../src/screens/agents/Proposed.ts"

const field = (key: string, more: Partial<Field> = {}): Field => ({
  key,
  label: key,
  type: "text",
  required: true,
  ...more,
})

describe("the zone of an instant", () => {
  const noon = new Date("2026-07-01T12:00:00Z")

  it("is named where the reader's clock shows another time", () => {
    assert.match(zoneMark(noon, "Asia/Kolkata", "UTC")!, /^(?:GMT\+5:30|IST)$/)
    assert.isDefined(zoneMark(noon, "Europe/London", "UTC"))
    // in winter both clocks show the same
    assert.isUndefined(zoneMark(new Date("2026-01-01T12:00:00Z"), "Europe/London", "UTC"))
    assert.isUndefined(zoneMark(noon, "Asia/Calcutta", "Asia/Kolkata"))
  })
})

describe("the form of a new agent", () => {
  const fields = [field("nickname"), field("timezone", { format: "iana_timezone", description: "Of your day" })]
  const proposed = proposedFor(fields, {}, "Asia/Kolkata")

  it("proposes the browser's zone where the type asks for one and none is filled in", () => {
    assert.deepStrictEqual(proposed, { timezone: "Asia/Kolkata" })
    assert.deepStrictEqual(proposedFor(fields, { timezone: "UTC" }, "Asia/Kolkata"), {})
    // not every browser knows where it is
    assert.deepStrictEqual(proposedFor(fields, {}, "Etc/Unknown"), {})
    const said = (zone: string) => withProposals(fields, proposed, { timezone: zone })[1]!.description
    assert.match(said("Asia/Kolkata")!, /^Of your day\. That of this browser/)
    assert.strictEqual(said("UTC"), "Of your day")
  })

  it("sends no proposal that was not on the screen", () => {
    const values = { nickname: "Nora", ...proposed }
    assert.deepStrictEqual(withoutUnseen(values, proposed, new Set()), { nickname: "Nora" })
    assert.deepStrictEqual(withoutUnseen(values, proposed, new Set(["timezone"])), values)
    assert.deepStrictEqual(withoutUnseen({ timezone: "UTC" }, proposed, new Set()), { timezone: "UTC" })
  })

  it("says what a reference to a credential looks like, and adds nothing to another field", () => {
    for (const key of ["credential_ref", "platform_credentials", "delta_credential", "keyRefs_refs"]) {
      assert.match(descriptionOf(field(key))!, /such as: vault-7$/, key)
    }
    assert.isUndefined(descriptionOf(field("preference")))
    assert.strictEqual(descriptionOf(field("credential_ref", { description: "Never it" }))!.indexOf("Never it. "), 0)
  })
})
