/** What lasts: a question before, a sign of life meanwhile, and the wait for an end. */
import { type Flags, UsageError } from "../Command.ts"
import { secondsOf } from "../Duration.ts"
import type { Io } from "../Io.ts"
import { EXIT, Failed } from "./Failed.ts"

/** After how long a person is told that something goes on, in milliseconds. */
const QUIET_MS = 1_000
/** Between two looks at what is waited for, in milliseconds: at first, and at most. */
const LOOK_MS = 200
const LOOKS_MS = 2_000
/** The longest that --wait may be told to wait, in seconds. */
const LONGEST = 86_400

/** Shows a person on a terminal, from the second second on, that `work` goes on; in what words. */
export const meanwhile = async <A>(io: Io, words: string, work: Promise<A>): Promise<A> => {
  const began = Date.now()
  const timer = setInterval(() => {
    io.transient(`${words} ${Math.round((Date.now() - began) / 1000)} s`)
  }, QUIET_MS)
  try {
    return await work
  } finally {
    clearInterval(timer)
    if (Date.now() - began >= QUIET_MS) io.transient("")
  }
}

/** The seconds of --timeout. Fails with a UsageError. */
export const timeoutOf = (flags: Flags): number => secondsOf("timeout", String(flags.timeout), LONGEST)

/**
 * Looks until there is an answer, for at most --timeout. A service that is away meanwhile is asked again. Fails with a Failed,
 * which says how to go on.
 */
export const waitFor = async <A>(
  io: Io,
  flags: Flags,
  { next, words }: { readonly words: string; readonly next: string },
  look: () => Promise<A | undefined>,
): Promise<A> => {
  const seconds = timeoutOf(flags)
  const end = Date.now() + seconds * 1000
  const looking = async () => {
    for (let wait = LOOK_MS;; wait = Math.min(wait * 1.5, LOOKS_MS)) {
      const found = await look().catch((error) => {
        if (error instanceof Failed && error.exit === EXIT.failed) return undefined
        throw error
      })
      if (found !== undefined) return found
      if (io.signal.aborted) throw new Failed("Interrupted; what was asked for goes on.", EXIT.failed, { next })
      if (Date.now() + wait > end) throw new Failed(`No end within ${seconds} s; it goes on.`, EXIT.failed, { next })
      await io.pause(wait)
    }
  }
  return await meanwhile(io, words, looking())
}

/** Asks before something that can't be taken back. Fails with a UsageError where nobody can answer, with a Failed on a no. */
export const confirm = async (io: Io, flags: Flags, what: string): Promise<void> => {
  if (flags.yes === true) return
  if (!io.isTerminal.dialogue) throw new UsageError(`${what} Nobody can be asked here: say --yes.`)
  const answer = await io.ask(`${what} Go on? [y/N]`)
  if (!/^y(es)?$/i.test(answer)) throw new Failed("Nothing was changed.", EXIT.failed)
}
