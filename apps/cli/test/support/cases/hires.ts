/** Commands about hires. */
import * as body from "../bodies.ts"
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
    args: "hires deactivate HAI-1 --yes",
    role: "customer",
    answers: { "hiring.hires.deactivate": () => ({ ...body.hire, active: false }) },
    says: /active +false\n/,
    refused: "hiring.hires.deactivate",
    by: missing("hire_not_found"),
  },
]
