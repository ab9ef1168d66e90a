import { pageFlags } from "../Remote/Flags.ts"
import { remote } from "../Remote/Command.ts"

/** `stint audit`: who did what. */
export const audit = remote({
  about: "The action logs: what operators and the system did, and why. Nobody can alter them.",
  actions: {
    list: {
      about: "the latest lines of all services, or of one",
      flags: {
        service: {
          value: "NAME",
          about: "of this service alone; --cursor goes with it",
          of: ["catalog", "hiring", "deliverables", "scheduler"],
        },
        operator: { value: "SUBJECT", about: "what this operator did; system for the system itself" },
        only: { value: "ACTION", about: "only this action, such as pause or activate" },
        ...pageFlags,
      },
    },
  },
  load: () => import("./audit/Handlers.ts"),
})
