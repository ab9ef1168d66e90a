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
    new: {
      about:
        "as its customer, hires an agent of a type: subscribes unless --subscription says under what, configures and finalizes it",
      operands: ["TYPE"],
      flags: {
        config: { value: "FILE", about: "JSON of the fields that stint types show TYPE names; - for standard input" },
        settings: { value: "FILE", about: "JSON of its own settings: budget, execution" },
        version: { value: "VERSION", about: "such as 1.0.0; the latest unless given" },
        subscription: { value: "SUB", about: "one that is paid already" },
        duration: {
          value: "TIME",
          about: "what a new subscription is for",
          of: ["monthly", "quarterly", "yearly"],
          default: "monthly",
        },
        activate: { about: "on the local stack: as its operator, takes the new subscription for paid" },
      },
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
