/** Sessions of MCP clients with older protocols: each is its caller's alone, and there are never more than so many. */

/** How many sessions there may be at once; the one that was used least lately ends for a new one, and its client begins again. */
export const MOST_SESSIONS = 500

/** The header that names a session. */
export const SESSION = "mcp-session-id"

/** Keeps whose the sessions are. `end` ends one in the server. */
export const sessionsOf = (end: (id: string) => void, most = MOST_SESSIONS) => {
  // in the order of use
  const owners = new Map<string, string>()
  return {
    /** Whether the caller may use a session; one that nobody has is for the server to refuse. */
    mayUse: (id: string, caller: string): boolean => (owners.get(id) ?? caller) === caller,
    /** Notes that a session was made or used by its caller. */
    used: (id: string, caller: string): void => {
      owners.delete(id)
      owners.set(id, caller)
      for (const oldest of owners.keys()) {
        if (owners.size <= most) break
        owners.delete(oldest)
        end(oldest)
      }
    },
    /** Notes that a session ended. */
    ended: (id: string): void => void owners.delete(id),
    get size(): number {
      return owners.size
    },
  }
}
