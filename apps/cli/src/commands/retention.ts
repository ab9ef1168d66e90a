import type { Command } from "../Command.ts"
import { serviceNames } from "../Stack/Settings.ts"

/** `stint retention`: does now what each service does every hour, or says what it would. */
export const retention: Command = {
  about:
    "Removes what is past its time, as each service does by itself every hour: dead letters, runs, executions, missed " +
    "slots, alerts and the audit of the edge. What lives (pending, running, open) never goes, nor does the action log.",
  flags: {
    "dry-run": { about: "only says how many rows are past their time" },
    json: { about: "prints {dry_run, items: [{service, name, rows, keeps}]}" },
    service: { value: "NAME", about: `${serviceNames.join(", ")}; all four unless given` },
  },
  notes:
    "<SERVICE>_DATABASE_URL: the database of that service, as its own role; unless given, the embedded one in STINT_HOME.",
  run: async (flags, io) => await (await import("./retention/Run.ts")).perform(flags, io),
}
