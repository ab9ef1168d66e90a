import { pageFlags, reasonFlag, waitFlags } from "../Remote/Flags.ts"
import { remote } from "../Remote/Command.ts"

const scope = {
  hire: { value: "HIRE", about: "this hire alone" },
  customer: { value: "CUSTOMER", about: "this customer alone" },
}

const instants = {
  from: { value: "INSTANT", about: "the slots from this instant on, such as 2026-03-01T09:00:00Z" },
  to: { value: "INSTANT", about: "the slots up to this instant" },
}

const force = { force: { about: "also while it is paused; that is recorded" } }

/** `stint scheduler`: when agents run. */
export const scheduler = remote({
  about: "The scheduler: how it stands, pausing it, and runs that an operator asks for.",
  actions: {
    status: { about: "whether it is paused, by whom and why, and how many runs wait and run" },
    pauses: {
      about: "the pauses that hold, since when and why; a customer's token reads those that bind it",
      flags: { customer: { value: "CUSTOMER", about: "those that bind this customer" } },
    },
    health: { about: "healthy, degraded or down: the figures of the last hour, and what is in the way" },
    pause: {
      about: "as an operator: no new run starts, of all unless --hire or --customer says of whom",
      flags: {
        ...scope,
        ...reasonFlag,
        ...waitFlags("the runs under way have ended; exit status 1 when some have not"),
      },
    },
    resume: { about: "as an operator: runs start again", flags: { ...scope, ...reasonFlag } },
    trigger: {
      about: "as an operator, runs a goal now, or the slot --at",
      operands: ["GOAL"],
      flags: {
        at: { value: "INSTANT", about: "the slot, past or to come, such as 2026-03-01T09:00:00Z" },
        ...force,
        ...reasonFlag,
        ...waitFlags("the run has ended; exit status 1 unless it completed"),
      },
    },
    backfill: {
      about: "as an operator, runs the past slots of a goal, the oldest first",
      operands: ["GOAL"],
      flags: {
        ...instants,
        cap: { value: "N", about: "at most so many slots, 1 to 1000" },
        "per-minute": { value: "N", about: "at most so many begin a minute" },
        "dry-run": { about: "only says which" },
        ...force,
        ...reasonFlag,
        ...waitFlags("the runs have ended; exit status 1 unless all completed"),
      },
    },
    limits: {
      about: "how many runs may be running at once; with --max, as an operator, sets one",
      flags: {
        customer: { value: "CUSTOMER", about: "for this customer" },
        type: { value: "TYPE", about: "for this agent type" },
        every: { value: "KIND", about: "for each that has none of its own", of: ["customer", "agent_type"] },
        max: { value: "N", about: "so many, 1 to 100000; none removes it" },
        ...reasonFlag,
        ...pageFlags,
      },
    },
  },
  load: () => import("./scheduler/Handlers.ts"),
})
