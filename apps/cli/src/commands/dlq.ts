import { pageFlags, reasonFlag, waitFlags, yesFlag } from "../Remote/Flags.ts"
import { remote } from "../Remote/Command.ts"

const types = ["TRANSIENT", "PERMANENT"]

const filters = {
  goal: { value: "GOAL", about: "of this goal" },
  hire: { value: "HIRE", about: "of this hire" },
  error: { value: "TYPE", about: "of this type of error", of: types },
  cause: { value: "CAUSE", about: "of this cause, as stint dlq causes has it" },
}

/** `stint dlq`: runs that failed for good. */
export const dlq = remote({
  about: "Dead letters: runs that failed for good; one open entry a goal, for 7 days.",
  actions: {
    list: {
      about: "the open ones, the latest failure first",
      flags: {
        state: {
          value: "STATE",
          about: "those in this state",
          of: ["open", "resolved", "discarded", "expired", "all"],
          default: "open",
        },
        customer: { value: "CUSTOMER", about: "of this customer" },
        type: { value: "TYPE", about: "of this agent type" },
        ...filters,
        ...pageFlags,
      },
    },
    causes: { about: "the open ones by their cause, the most frequent first" },
    show: { about: "one, with its error and its runs", operands: ["DLQ"] },
    retry: {
      about: "as an operator, queues its runs again, the oldest first",
      operands: ["DLQ"],
      flags: waitFlags("they have ended; exit status 1 unless they resolved it"),
    },
    redrive: {
      about: "as an operator, queues the runs of many: of all open ones that match, the oldest first",
      flags: {
        ...filters,
        cap: { value: "N", about: "at most so many entries, 1 to 1000", default: "100" },
        "per-minute": { value: "N", about: "at most so many runs begin a minute" },
        "dry-run": { about: "only says how many match" },
        ...reasonFlag,
        ...waitFlags("they have ended; exit status 1 unless all are resolved"),
      },
    },
    discard: {
      about: "as an operator, closes one; its runs stay as they are; asks first",
      operands: ["DLQ"],
      flags: { ...reasonFlag, ...yesFlag },
    },
  },
  load: () => import("./dlq/Handlers.ts"),
})
