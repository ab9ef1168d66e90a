/** A command that calls the services: its table is light, what it does is loaded with the clients when it runs. */
import type { Action, Command, Flag } from "../Command.ts"
import { remoteFlags, remoteNotes } from "./Flags.ts"
import type { Session } from "./Session.ts"

/** What an action does; the answer is the exit status, 0 unless given. */
export type Handler = (session: Session) => Promise<number | void>

/** The handlers of a command, by action. */
export type Handlers = Readonly<Record<string, Handler>>

/** A command of these actions. */
export const remote = (
  { about, actions, flags = {}, load }: {
    readonly about: string
    readonly actions: Readonly<Record<string, Action>>
    readonly flags?: Readonly<Record<string, Flag>>
    readonly load: () => Promise<{ readonly handlers: Handlers }>
  },
): Command => ({
  about,
  actions,
  flags: { ...flags, ...remoteFlags },
  notes: remoteNotes,
  run: async (given, io, operands) => {
    const [{ handlers }, { sessionOf }] = await Promise.all([load(), import("./Session.ts")])
    return await handlers[String(given.action)]!(await sessionOf(given, io, operands)) ?? 0
  },
})
