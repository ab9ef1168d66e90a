import { pageFlags, yesFlag } from "../Remote/Flags.ts"
import { remote } from "../Remote/Command.ts"

/** `stint subs`: subscriptions. */
export const subs = remote({
  about: "Subscriptions: what a customer pays for, and under which an agent is hired.",
  actions: {
    list: {
      about: "a customer's, or for an operator everybody's, the oldest first",
      flags: {
        customer: { value: "CUSTOMER", about: "whose; for a customer its own, else all" },
        status: {
          value: "STATUS",
          about: "those in this state",
          of: ["pending_payment", "active", "past_due", "canceled"],
        },
        ...pageFlags,
      },
    },
    show: { about: "one of them", operands: ["SUB"] },
    activate: { about: "as an operator, once it is paid: from now on its hire can run", operands: ["SUB"] },
    "past-due": {
      about: "as an operator: no new runs start; activate brings it back, after 14 days it is canceled",
      operands: ["SUB"],
    },
    cancel: {
      about: "as its customer, for good; asks first",
      operands: ["SUB"],
      flags: { "at-period-end": { about: "when the paid period ends, not now" }, ...yesFlag },
    },
  },
  load: () => import("./subs/Handlers.ts"),
})
