import type { Command } from "../Command.ts"
import { playDemo } from "../Demo.ts"

/** `stint demo`: the whole story on a stack of its own, and what of it was verified. */
export const demo: Command = {
  usage: `Usage: stint demo [--json]

Starts a stack of its own (free ports, an empty temporary home that is removed at the end) and tells on it how hired
agents work: drafts that fall due, a rejection, an approval, executions, a kill -9, a pause. At most 88 seconds.
The exit status is 0 only if everything that it verifies held.

  --json  prints one JSON document instead: the steps with their times, the checks, the totals`,
  options: { json: { type: "boolean" } },
  run: ({ json }) => playDemo({ json: json === true, env: Deno.env.toObject() }),
}
