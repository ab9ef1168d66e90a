import { pageFlags, yesFlag } from "../Remote/Flags.ts"
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
    deactivate: {
      about: "as its customer, for good: its pending runs are cancelled; asks first",
      operands: ["HIRE"],
      flags: yesFlag,
    },
  },
  load: () => import("./hires/Handlers.ts"),
})
