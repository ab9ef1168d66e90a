import type { Command } from "../Command.ts"
import { serviceNames } from "../Stack/Settings.ts"

/** `stint db`: what an operator does with the databases. */
export const db: Command = {
  about: "What an operator does with the databases.",
  actions: {
    migrate: { about: "brings the databases to the schema of this program; --dry-run only says what it would apply" },
    status: { about: "says which scripts were applied and which are pending" },
    verify: {
      about: "compares tables, columns, indexes, constraints, comments, triggers and rights with what the scripts say",
    },
    down: {
      about:
        "takes the scripts back, and the tables' rows with them: needs --yes, or --dry-run; --to NAME keeps up to NAME",
    },
    seed: { about: "publishes the agent types that ship into the catalog's database; may be run again" },
    ping: { about: "connects as the service and as the owner, and says what was tried and what failed" },
    reconcile: {
      about:
        "after a restore: compares what the services hold of one another, and mends what differs; --dry-run only " +
        "says it (docs/restore.md)",
    },
  },
  flags: {
    service: { value: "NAME", about: `${serviceNames.join(", ")}; all four unless given` },
    "dry-run": { about: "for migrate, down and reconcile: only says what would be done" },
    to: { value: "NAME", about: "for down: keeps the scripts up to this one; --service says of which" },
    yes: { about: "for down: does not refuse" },
    json: { about: "prints {services: [{service, ok, ...}]} with what the action found; of reconcile {left}" },
  },
  notes:
    `<SERVICE>_DATABASE_URL: the database of that service, as its own role; unless given, the embedded one in STINT_HOME, which migrate alone makes where there is none.
<SERVICE>_MIGRATE_URL: the same database as its owner, who may change the schema; the former unless given.
Exit status: 0 all is well (reconcile: nothing differs, or all was mended), 1 a database differs, fails or can't be reached, 2 the command is wrong.`,
  run: async (flags, io) => await (await import("./db/Run.ts")).perform(flags, io),
}
