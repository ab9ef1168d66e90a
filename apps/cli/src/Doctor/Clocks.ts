/** How far clocks differ: tokens hold by the clock, and slots fall due by it. */
import { failed, type Finding, ok, warning } from "./Finding.ts"

/** A clock that was looked at. */
export interface Clock {
  readonly of: string
  /** How far it is ahead of this machine's, in milliseconds. */
  readonly ahead: number
}

/** The date of an answer has no more than seconds. */
const CLOSE_MS = 3_000
/** From here on a token may be refused as one of the future. */
const FAR_MS = 30_000

/** What to say of the clocks that were seen. */
export const clocks = (seen: ReadonlyArray<Clock>): ReadonlyArray<Finding> =>
  seen.length === 0
    ? []
    : [seen.reduce((worst, clock) => Math.abs(clock.ahead) > Math.abs(worst.ahead) ? clock : worst)].map(
      ({ ahead, of }) => {
        const off = Math.abs(ahead)
        const detail = `the clock of ${of} is ${(off / 1000).toFixed(1)} s ${
          ahead < 0 ? "behind" : "ahead of"
        } this machine's`
        const mend = "set both by a time server, such as with timedatectl set-ntp true"
        if (off <= CLOSE_MS) {
          return ok("clock", `${seen.length} clocks agree with this machine's to ${CLOSE_MS / 1000} s`)
        }
        return off <= FAR_MS ? warning("clock", detail, mend) : failed("clock", detail, mend)
      },
    )
