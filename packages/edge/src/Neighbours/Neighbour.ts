/** Pure: one service that another needs, and how it is away. */
import { type Absence, type Fault, lasted, wordsOf } from "../Absence.ts"

/** Shorter absences are neither logged nor shown, in milliseconds: a restart, or services that start together. */
export const UNSAID_MS = 3_000
/** An absence that another explains stays explained for so long after that other is back, in milliseconds: until it is called. */
const EXPLAINED_MS = 60_000
/** What a call found is forgotten after so long, when `/readyz` says otherwise and no call was made since, in milliseconds. */
const CALLS_COUNT_MS = 30_000

const isSilent = ({ how }: Fault) => how === "refused" || how === "timed_out"

/** What is known of one service: what calls found, and what `/readyz` said. */
export class Neighbour {
  byCall: (Fault & { readonly at: number }) | undefined
  byPoll: Fault | undefined
  /** What it says of others. */
  hearsay: ReadonlyArray<Absence> = []
  absence: Absence | undefined
  /** What explained its absence, and when that was seen last. */
  cause: { readonly part: string; readonly at: number } | undefined
  isLogged = false
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  failed(fault: Fault, at: number): void {
    this.byCall = { ...fault, at }
  }

  /** An answer shows that it is there, not that it can do all of its work. */
  answered(): void {
    this.byCall = undefined
    if (this.byPoll !== undefined && isSilent(this.byPoll)) this.byPoll = undefined
  }

  /** `/readyz` needs no token, so it does not show that the token is taken. */
  asked(fault: Fault | undefined, at: number): void {
    this.byPoll = fault
    if (fault !== undefined || this.byCall === undefined) return
    if (isSilent(this.byCall) || at - this.byCall.at > CALLS_COUNT_MS) this.byCall = undefined
  }

  /**
   * The one of `parts` whose absence explains that of this service: calls fail with `unavailable`, while its `/readyz` says
   * that it is well itself and that the part is away.
   */
  because(parts: ReadonlyMap<string, unknown>, now: number): string | undefined {
    if (this.byPoll !== undefined || this.byCall?.how !== "unavailable") this.cause = undefined
    else {
      const found = this.hearsay.find(({ part }) => part !== this.name && parts.has(part))
      if (found !== undefined) this.cause = { part: found.part, at: now }
    }
    return this.cause !== undefined && now - this.cause.at < EXPLAINED_MS ? this.cause.part : undefined
  }

  /** Brings `absence` up to date; the line that the log gets. */
  settle(now: number): { readonly away: string } | { readonly back: string } | undefined {
    const fault = this.byPoll ?? this.byCall
    const before = this.absence
    if (fault === undefined) {
      this.absence = undefined
      this.cause = undefined
      const wasLogged = this.isLogged
      this.isLogged = false
      return wasLogged ? { back: `${this.name} is back after ${lasted(now - before!.since)}` } : undefined
    }
    this.absence = { part: this.name, since: before?.since ?? now, how: fault.how, detail: fault.detail }
    if (this.isLogged || now - this.absence.since < UNSAID_MS) return undefined
    this.isLogged = true
    return { away: `${this.name} is away: ${wordsOf(fault)}` }
  }
}
