import type { Command } from "../Command.ts"
import { remoteFlags } from "../Remote/Flags.ts"

const { as, token, url } = remoteFlags

/** `stint mcp`: an MCP server for programs that start theirs. */
export const mcp: Command = {
  about:
    "Serves MCP on standard input and output, for agents that start their servers: it passes each message on to /mcp of the " +
    "front door, with the rights of one token. It reads drafts, runs and rules, and proposes edits and goals; nothing there " +
    "signs, executes, pauses or retries. docs/mcp.md has the tools.",
  flags: { url: url!, token: token!, as: as! },
  notes: "It ends with standard input. Whose rights: --as, --token, STINT_TOKEN, or what stint login keeps.",
  run: async (flags, io) => await (await import("./mcp/Run.ts")).perform(flags, io),
}
