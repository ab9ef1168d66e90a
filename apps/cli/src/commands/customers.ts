import { pageFlags, periodFlags } from "../Remote/Flags.ts"
import { remote } from "../Remote/Command.ts"

/** `stint customers`: who the customers are. */
export const customers = remote({
  about: "Who the customers are and how they are reached; a customer sees its own record alone.",
  actions: {
    list: {
      about: "the customers that have a record",
      flags: { email: { value: "ADDRESS", about: "the one with this e-mail address" }, ...pageFlags },
    },
    show: { about: "one of them", operands: ["CUSTOMER"] },
    report: {
      about: "what all its agents did in a period, as stint hires report",
      operands: ["CUSTOMER"],
      flags: periodFlags,
    },
  },
  load: () => import("./customers/Handlers.ts"),
})
