import { pageFlags } from "../Remote/Flags.ts"
import { remote } from "../Remote/Command.ts"

/** `stint types`: the agent types that can be hired. */
export const types = remote({
  about: "The agent types that can be hired: each version of one is published once and never changes.",
  actions: {
    list: { about: "the latest version of each", flags: pageFlags },
    show: {
      about:
        "one with its fields, goal templates and rules; TYPE is an id, the latest version unless --version says another",
      operands: ["TYPE"],
      flags: { version: { value: "VERSION", about: "such as 1.0.0" } },
    },
    versions: { about: "the versions of one, the latest first", operands: ["TYPE"], flags: pageFlags },
    check: {
      about:
        "whom the version in a file of JSON would break, - for standard input; it stores nothing, and the exit status is 1 when something breaks",
      operands: ["FILE"],
    },
    makers: {
      about:
        "which models and programs the version in a file of JSON calls, - for standard input, and why one can't be called by the " +
        "settings of this installation; it calls none, and the exit status is 1 when one can't be",
      operands: ["FILE"],
    },
    publish: {
      about: "publishes the version in a file of JSON, - for standard input; the same again changes nothing",
      operands: ["FILE"],
    },
  },
  load: () => import("./types/Handlers.ts"),
})
