import { pageFlags, periodFlags, yesFlag } from "../Remote/Flags.ts"
import { remote } from "../Remote/Command.ts"

/** `stint hires`: hired agents. */
export const hires = remote({
  about: "Hired agents: an agent type, configured, under a subscription.",
  actions: {
    list: {
      about: "a customer's",
      flags: { customer: { value: "CUSTOMER", about: "whose; for a customer its own" }, ...pageFlags },
    },
    show: {
      about: "one of them, with what is missing; HIRE is its id or that of its subscription",
      operands: ["HIRE"],
    },
    report: {
      about: "what one did in a period: runs by outcome, drafts, how many were approved and how soon",
      operands: ["HIRE"],
      flags: periodFlags,
    },
    migrate: {
      about:
        "as an operator, moves the live hires of an agent type to a version; those that would not hold are skipped",
      operands: ["TYPE", "VERSION"],
      flags: {
        cap: { value: "N", about: "at most so many hires, 1 to 1000", default: "1000" },
        cursor: { value: "CURSOR", about: "goes on where the answer before ended" },
        "dry-run": { about: "only says what would be moved and skipped" },
      },
    },
    deactivate: {
      about: "as its customer, for good: its pending runs are cancelled; asks first",
      operands: ["HIRE"],
      flags: yesFlag,
    },
  },
  load: () => import("./hires/Handlers.ts"),
})
