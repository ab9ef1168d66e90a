import { pageFlags, reasonFlag, waitFlags, yesFlag } from "../Remote/Flags.ts"
import { remote } from "../Remote/Command.ts"

/** What a person sees of a run, as the scheduler says it. */
const statuses = ["pending", "running", "retrying", "completed", "cancelled", "dead_lettered"]

/** How one ends that was not cancelled. */
const ends = ["completed", "dead_lettered"]

/** `stint runs`: which slot ran, and how it went. */
export const runs = remote({
  about: "Runs: which slot of a goal ran, how it went, and every attempt of it.",
  actions: {
    list: {
      about: "the latest, by their slots",
      flags: {
        goal: { value: "GOAL", about: "of this goal" },
        hire: { value: "HIRE", about: "of this hire" },
        customer: { value: "CUSTOMER", about: "of this customer" },
        type: { value: "TYPE", about: "of this agent type" },
        status: { value: "STATUS", about: "in this state", of: statuses },
        from: { value: "INSTANT", about: "slots from this instant on, such as 2026-03-01T09:00:00Z" },
        to: { value: "INSTANT", about: "slots before this instant" },
        follow: { about: "prints a line for each run that comes or changes, until Ctrl-C" },
        ...pageFlags,
      },
    },
    last: {
      about: "of each goal the last that completed or failed for good, of a goal, a hire or a customer",
      flags: {
        goal: { value: "GOAL", about: "of this goal" },
        hire: { value: "HIRE", about: "of the goals of this hire" },
        customer: { value: "CUSTOMER", about: "of the goals of this customer" },
        ended: { value: "STATUS", about: "the goals alone whose last run ended so", of: ends },
        ...pageFlags,
      },
    },
    show: {
      about: "one, with its attempts and their errors",
      operands: ["RUN"],
      flags: waitFlags("it has ended; exit status 1 unless it completed"),
    },
    cancel: {
      about: "as an operator, one that has not ended; asks first",
      operands: ["RUN"],
      flags: { ...reasonFlag, ...yesFlag },
    },
  },
  load: () => import("./runs/Handlers.ts"),
})
