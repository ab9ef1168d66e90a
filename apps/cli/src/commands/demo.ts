import { type Command, UsageError } from "../Command.ts"
import { secondsOf } from "../Duration.ts"

/** How long it takes at most unless `--within` says otherwise, in seconds. */
const WITHIN = 88
/** What `--within` may be, in seconds: a cron goal has to come due, which takes up to a minute. */
const LEAST = 80
const LONGEST = 3_600

/** The seconds of `--within`. Fails with a UsageError. */
const withinOf = (text: string): number => {
  const seconds = secondsOf("within", text, LONGEST)
  if (seconds >= LEAST) return seconds
  throw new UsageError(
    `--within ${text} is too short: it takes about a minute, and some seconds to end; at least ${LEAST}s.`,
  )
}

/** `stint demo`: the whole story on a stack of its own, and what of it was verified. */
export const demo: Command = {
  about:
    "Starts a stack of its own (free ports, an empty temporary home that is removed at the end) and tells on it how " +
    "hired agents work: drafts that fall due, a rejection, an approval, executions, a kill -9, a pause. At most " +
    `${WITHIN} seconds. The exit status is 0 only if everything that it verifies held.`,
  flags: {
    within: {
      value: "TIME",
      about: `how long it may take in all, 80s to 60m: on a slow machine it needs longer than ${WITHIN} seconds`,
      default: `${WITHIN}s`,
    },
    json: { about: "prints one JSON document instead: the steps with their times, the checks, the totals" },
  },
  run: async ({ json, within }) => {
    const seconds = withinOf(String(within))
    const { playDemo } = await import("../Demo.ts")
    return await playDemo({
      json: json === true,
      within: seconds,
      patience: seconds / WITHIN,
      env: Deno.env.toObject(),
    })
  },
}
