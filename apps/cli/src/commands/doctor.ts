import type { Command } from "../Command.ts"
import { remoteFlags } from "../Remote/Flags.ts"

/** `stint doctor`: whether a machine and an installation are well. */
export const doctor: Command = {
  about:
    "Checks this machine and the installation in STINT_HOME: Node, Deno, Postgres, the data folder and its disk, keys, " +
    "ports, databases with their schema and clock, whether the services and the front door answer, and whether the console " +
    "is there. With --url, or after stint login, only what can be asked: that each service answers and takes the token, the " +
    "console, and the clocks. Each fault is told with its mend.",
  flags: { ...remoteFlags, json: { about: "prints {checks: [{name, state, detail, mend}]}" } },
  notes:
    "State of a check: ok, warning, failed, skipped. Exit status: 0 nothing failed, 1 something did, 2 the command is wrong.",
  run: async (flags, io) => {
    const { examine } = await import("../Doctor.ts")
    return await examine(flags, io)
  },
}
