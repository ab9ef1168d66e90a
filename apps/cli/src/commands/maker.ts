import type { Command } from "../Command.ts"

/** `stint maker`: whether a program that makes drafts keeps to its contract. */
export const maker: Command = {
  about:
    "Checks a maker of drafts that is called over HTTP (docs/makers.md): sends it requests as deliverables does, and such as it " +
    "must refuse, and tells which it does not answer as the contract has it, and why. It makes drafts of a made-up run.",
  actions: {
    check: {
      about: "sends all cases to the maker at URL; exit status 1 when one fails",
      operands: ["URL"],
      flags: {
        "secret-file": {
          value: "FILE",
          about:
            "the file that holds the secret which its requests are signed with, whsec_ and base64; unsigned unless given",
        },
        data: {
          value: "FILE",
          about:
            "JSON of what it is asked with, in place of the made-up review: any of agent_id, goal_template_id, config, " +
            "settings, output, decisions",
        },
        seconds: { value: "N", about: "how long a draft may take", default: "120" },
        case: { value: "NAME", about: "sends this case alone" },
        json: { about: "prints {url, cases: [{name, state, about, detail}]}" },
      },
    },
  },
  flags: {},
  notes: "State of a case: ok, failed, skipped. Exit status: 0 none failed, 1 some did, 2 the command is wrong.",
  run: async (flags, io) => await (await import("./maker/Run.ts")).perform(flags, io),
}
