/** What a template may ask of approvals, and where a definition that asks otherwise is wrong. */
import { assert, it } from "@effect/vitest"
import { AgentTypeDefinition } from "@stint/domain/Definition"
import { issuesUnder } from "@stint/domain/FieldIssues"

const faultsUnder = issuesUnder(AgentTypeDefinition)

const faultsOf = (approval: unknown, approval_required = true) =>
  faultsUnder({
    agent_type_id: "notes.v1",
    version: "1.0.0",
    config_schema: { fields: [] },
    goal_templates: [{
      goal_template_id: "note",
      name: "Note",
      default_frequency: "daily",
      settings_schema: { fields: [] },
      skill_binding: "notes",
      approval,
    }],
    enforcement_defaults: { approval_required, deterministic: false },
  }).map(({ message, path }) => `${path.replace("$.goal_templates[0].", "")} ${message}`)

it("takes rules within their bounds", () => {
  assert.deepStrictEqual(
    faultsOf({
      expires_after_seconds: 1,
      valid_for_seconds: 366 * 86_400,
      quorum: 5,
      separate_editor: true,
      mandates: false,
    }),
    [],
  )
})

it.each<[what: string, approval: unknown, fault: string]>([
  ["none at all", {}, "approval must have a rule; leave it out where nothing is asked"],
  ["a quorum of nobody", { quorum: 0 }, "approval.quorum must be a whole number, 1 to 5"],
  ["a quorum of six", { quorum: 6 }, "approval.quorum must be a whole number, 1 to 5"],
  ["no time", { expires_after_seconds: 0 }, "approval.expires_after_seconds must be a whole number, 1 to 31622400"],
  [
    "over a year",
    { valid_for_seconds: 31_622_401 },
    "approval.valid_for_seconds must be a whole number, 1 to 31622400",
  ],
  ["another rule", { quorum: 1, colour: "red" }, "approval.colour no such field"],
])("refuses %s, with its path", (_, approval, fault) => {
  assert.deepStrictEqual(faultsOf(approval), [fault])
})

it("refuses rules where drafts may be executed without any approval", () => {
  assert.deepStrictEqual(faultsOf({ quorum: 2 }, false), [
    "approval needs approval_required true: drafts of this type may be executed without any approval",
  ])
})
