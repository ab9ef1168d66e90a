/** Commands about hires. */
import * as body from "../bodies.ts"
import { Refusal } from "../fakeServices.ts"
import { type Case, missing } from "./Case.ts"

/** One of each. */
export const hires: ReadonlyArray<Case> = [
  {
    args: "hires list --customer CUS-1",
    answers: { "hiring.hires.list": () => body.page(body.hire) },
    says: /^HAI-1 +active +Mira +tea\.v1 +active +2026-03-01T09:00:00Z\n$/,
    refused: "hiring.hires.list",
    by: missing("customer_not_found"),
  },
  {
    args: "hires show HAI-1",
    answers: {
      "hiring.hires.get": () => ({ ...body.hire, missing: [{ path: "$.config.theme", message: "is required" }] }),
    },
    says: /missing\n {2}- path +\$\.config\.theme\n {4}message +is required\n/,
    refused: "hiring.hires.get",
    by: missing("hire_not_found"),
  },
  {
    args: "hires report HAI-1 --from 2026-03-01T00:00:00Z --to 2026-03-02T00:00:00Z",
    answers: {
      "deliverables.reports.ofHire": ({ query }) => query.to !== undefined && body.report(query),
    },
    says: /completed +3\n[^]*approval_rate +0\.5\nmedian_seconds_to_decision +61\.5\n/,
    refused: "deliverables.reports.ofHire",
    by: missing("hire_not_found"),
  },
  {
    args: "hires migrate tea.v1 1.1.0 --dry-run",
    answers: {
      "hiring.definitionsInUse.migrate": ({ payload: { cap, dry_run, to_version } }) =>
        cap === 1000 && dry_run && to_version === "1.1.0" && {
          moved: 1,
          hired_instance_ids: ["HAI-1"],
          skipped: [{ hired_instance_id: "HAI-2", errors: [{ path: "$.config.garden", message: "is required" }] }],
          next_cursor: null,
        },
    },
    says: /^HAI-1 +would move +-\nHAI-2 +skipped +\$\.config\.garden is required\n$/,
    refused: "hiring.definitionsInUse.migrate",
    by: missing("agent_type_not_found"),
    words: /stint types list names those there are/,
  },
  {
    args: "hires new tea.v1 --subscription SUB-1 --config -",
    role: "customer",
    answers: {
      "hiring.subscriptions.get": () => body.subscription,
      "hiring.hires.draft": ({ payload: { config, subscription_id } }) =>
        // what stands on standard input is an agent type: to the command any object will do
        subscription_id === "SUB-1" && config.agent_type_id === "tea.v1" && { ...body.hire, finalized_at: null },
      "hiring.hires.finalize": ({ params: { id } }) => id === "HAI-1" && body.hire,
    },
    says: /^hired_instance_id +HAI-1\n[^]*finalized_at +2026-03-01T09:00:00\.000Z\n/,
    refused: "hiring.hires.finalize",
    by: new Refusal(409, "hire_not_configured", "The hired agent is not configured", {
      missing: [{ path: "$.config.theme", message: "is required" }],
    }),
    exit: 4,
  },
  {
    args: "goals set HAI-1 tea.note.v1 --frequency daily --settings -",
    role: "customer",
    answers: {
      "hiring.goals.put": ({ params: { id }, payload: { frequency, goal_template_id } }) =>
        id === "HAI-1" && frequency === "daily" && goal_template_id === "tea.note.v1" && body.goal,
    },
    says: /^goal_instance_id +GOI-1\n/,
    refused: "hiring.goals.put",
    by: missing("hire_not_found"),
  },
  {
    args: "hires deactivate HAI-1 --yes",
    role: "customer",
    answers: { "hiring.hires.deactivate": () => ({ ...body.hire, active: false }) },
    says: /active +false\n/,
    refused: "hiring.hires.deactivate",
    by: missing("hire_not_found"),
  },
]
