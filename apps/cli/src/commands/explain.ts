import { type Command, UsageError } from "../Command.ts"
import { remoteFlags, remoteNotes } from "../Remote/Flags.ts"

/** `stint explain`: why a goal ran, will run, or did not. */
export const explain: Command = {
  about: "Says why a goal did, will or did not run at an instant, and what led to it.",
  flags: {
    goal: { value: "GOAL", about: "the goal's id, GOI-..." },
    at: {
      value: "INSTANT",
      about:
        "an RFC 3339 instant in UTC, such as 2026-03-01T09:00:00Z; now unless given. The minute of a slot is enough",
    },
    ...remoteFlags,
  },
  notes: remoteNotes,
  run: async (flags, io) => {
    if (!flags.goal) throw new UsageError("Say --goal GOI-..., the goal to be explained.")
    const [{ explained }, { sessionOf }] = await Promise.all([
      import("./explain/Run.ts"),
      import("../Remote/Session.ts"),
    ])
    return await explained(await sessionOf(flags, io, []))
  },
}
