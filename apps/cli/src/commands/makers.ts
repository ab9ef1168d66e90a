import type { Command } from "../Command.ts"
import { remote } from "../Remote/Command.ts"
import { remoteFlags, remoteNotes } from "../Remote/Flags.ts"

const list = remote({ about: "", actions: {}, load: () => import("./makers/List.ts") })

/** `stint makers`: programs that make drafts over HTTP. */
export const makers: Command = {
  about:
    "Makers of drafts that are called over HTTP (docs/makers.md). list says how those stand that were called. check sends one the " +
    "requests that deliverables sends, and such as it must refuse, and tells which it does not answer as the contract has it, and " +
    "why. It makes drafts of a made-up run.",
  actions: {
    list: {
      about: "each host with what it makes now, what waits for it, and since when it is away",
      flags: remoteFlags,
    },
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
        callback: {
          value: "URL",
          about:
            "where the maker reaches this machine to call back, as http://me.example.com:8080: it listens on that port; on a free one " +
            "of 127.0.0.1 unless given",
        },
        case: { value: "NAME", about: "sends this case alone" },
        json: { about: "prints {url, cases: [{name, state, about, detail}]}" },
      },
    },
  },
  flags: {},
  notes: `State of a case: ok, failed, skipped.\n${remoteNotes}`,
  run: async (flags, io, operands) =>
    flags.action === "list"
      ? await list.run(flags, io, operands)
      : await (await import("./makers/Run.ts")).perform(flags, io),
}
