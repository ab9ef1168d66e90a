import { remote } from "../Remote/Command.ts"
import { pageFlags, yesFlag } from "../Remote/Flags.ts"

const file =
  "FILE is the mandate as JSON, - for standard input: hired_instance_id, goal_instance_id or goal_template_id, rules, " +
  "max_uses, per, valid_until, action"

/** `stint mandates`: rules that sign in place of a person. */
export const mandates = remote({
  about: "Mandates: bounded rules that approve what makers write in place of a person (docs/mandates.md).",
  actions: {
    list: {
      about: "those of a customer, the newest first",
      flags: {
        customer: { value: "CUSTOMER", about: "whose; for a customer its own, for others all unless given" },
        hire: { value: "HIRE", about: "of this hire" },
        ...pageFlags,
      },
    },
    show: { about: "one with its rules, and what it used of this period", operands: ["MANDATE"] },
    preview: {
      about:
        `as its customer, which of the last 100 drafts it would have covered, and what stopped the others; ${file}`,
      operands: ["FILE"],
    },
    sign: {
      about: `as its customer, shows what it covers, asks, and signs it; ${file}`,
      operands: ["FILE"],
      flags: yesFlag,
    },
    revoke: {
      about: "as its customer, ends it at once: from then on people are asked again",
      operands: ["MANDATE"],
      flags: { reason: { value: "WORDS", about: "why: it is kept with the mandate" } },
    },
  },
  load: () => import("./mandates/Handlers.ts"),
})
