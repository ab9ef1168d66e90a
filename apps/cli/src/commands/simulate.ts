import type { Command } from "../Command.ts"
import { remoteFlags, remoteNotes } from "../Remote/Flags.ts"

/** `stint simulate`: what the days to come look like. */
export const simulate: Command = {
  about:
    "Says what the days to come look like, in virtual time: when how many runs begin, how late, and what a spread would " +
    "change. Made-up hires are simulated by this command itself, so that no stack has to run.",
  flags: {
    hires: { value: "N", about: "so many hires with the goals of the shipped agents, three each; 1,000 unless given" },
    stored: { about: "the goals that a running scheduler has now; it is asked as --url, --token and --as say" },
    file: { value: "PATH", about: "the body of POST /scheduler/simulate" },
    days: { value: "N", about: "for so many days from now, 1 to 366; 30 unless given" },
    spread: { value: "SECONDS", about: "also: if every goal had a spread of so many seconds, 0 to 86400" },
    ...remoteFlags,
    json: { about: "prints the answer of POST /scheduler/simulate instead" },
  },
  notes: remoteNotes,
  run: async (flags, io) => await (await import("./simulate/Run.ts")).perform(flags, io),
}
