import { pageFlags, waitFlags } from "../Remote/Flags.ts"
import { remote } from "../Remote/Command.ts"

const hire = { hire: { value: "HIRE", about: "the hire that has it; found by its runs unless given" } }

/** `stint goals`: what hired agents do, and how often. */
export const goals = remote({
  about: "Goals: what a hired agent does, and how often.",
  actions: {
    list: { about: "those of a hire", operands: ["HIRE"], flags: pageFlags },
    show: { about: "one of them, with its settings", operands: ["GOAL"], flags: hire },
    preview: {
      about: "its rule in words, and when it will run next",
      operands: ["GOAL"],
      flags: { count: { value: "N", about: "so many times, 1 to 100", default: "5" } },
    },
    run: {
      about: "runs it now; while it is paused the run waits",
      operands: ["GOAL"],
      flags: { ...hire, ...waitFlags("the run has ended; exit status 1 when it failed") },
    },
    set: {
      about: "as its customer, sets a goal of a hire: TEMPLATE is one of its agent type",
      operands: ["HIRE", "TEMPLATE"],
      flags: {
        frequency: {
          value: "FREQUENCY",
          about: "how often",
          of: ["on_demand", "daily", "weekly", "monthly", "cron"],
          default: "on_demand",
        },
        settings: { value: "FILE", about: "JSON of the template's settings and its schedule; - for standard input" },
      },
    },
    on: { about: "as its customer: it runs by its schedule again", operands: ["GOAL"], flags: hire },
    off: { about: "as its customer: it runs no more, and is kept", operands: ["GOAL"], flags: hire },
  },
  load: () => import("./goals/Handlers.ts"),
})
