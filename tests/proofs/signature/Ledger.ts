/**
 * What each mandate could approve at each instant, read from what the database let happen to it. Uses, signings and revocations of a
 * mandate are written under the lock of its row: the one with the lower number was there first.
 */
import type { Event, Row } from "./Events.ts"

/** A draft at the instant of an approval. */
export interface Draft {
  readonly customer: string
  readonly hire: string
  readonly goal: string
  readonly template: string
  readonly payload: Row
  readonly author: string | null
  readonly since: number
}

/** The mandates, and their uses so far. */
export interface Ledger {
  /** Counts an approval that names a mandate; why that mandate could not give it, nothing when it could. */
  use(approval: Row, when: Pick<Event, "n" | "began">, draft: Draft): ReadonlyArray<string>
}

const DAY = 86_400_000

/** The rules that the proof signs, by what they say in docs/mandates.md. */
const satisfies = ({ op, path, value }: Row, payload: Row): boolean => {
  const found = payload[path]
  if (op === "in") return value.includes(found)
  if (op === "max_length") return typeof found === "string" && [...found].length <= value
  if (op === "contains_none") return typeof found === "string" && !value.some((word: string) => found.includes(word))
  throw new Error(`the proof signs no rule ${op}`)
}

/** Reads the events of mandates. */
export const makeLedger = (events: ReadonlyArray<Event>): Ledger => {
  const signed = new Map<string, Event>()
  const revoked = new Map<string, number>()
  const uses = new Map<string, number>()
  for (const event of events) {
    const id: string = event.it.mandate_id
    if (event.it.revoked_at !== null) revoked.set(id, event.n)
    else signed.set(id, event)
  }
  return {
    use: ({ decided_by, mandate_id }, { began, n }, draft) => {
      const event = signed.get(mandate_id)
      if (event === undefined) return [`names ${mandate_id}, which nobody signed`]
      const { it } = event
      const why: Array<string> = []
      const unless = (holds: boolean, otherwise: string) => void (holds || why.push(otherwise))
      unless(n < (revoked.get(mandate_id) ?? Infinity), "was given after its mandate was revoked")
      unless(began < Date.parse(it.valid_until), "was given after its mandate had ended")
      if (it.per !== "day" || it.timezone !== "UTC") throw new Error("the proof signs for days of UTC")
      const period = `${mandate_id} ${Math.floor(began / DAY)}`
      uses.set(period, (uses.get(period) ?? 0) + 1)
      unless(uses.get(period)! <= it.max_uses, `is use ${uses.get(period)} of ${it.max_uses} of its mandate`)
      unless(draft.author === null, `is a mandate's of what ${draft.author} wrote`)
      unless(Date.parse(it.created_at) <= draft.since, "is a mandate's that was signed after the revision was written")
      unless(
        it.customer_id === draft.customer && it.hired_instance_id === draft.hire &&
          (it.goal_instance_id ?? draft.goal) === draft.goal &&
          (it.goal_template_id ?? draft.template) === draft.template,
        "is a mandate's of other drafts",
      )
      for (const rule of it.rules) {
        unless(satisfies(rule, draft.payload), `does not satisfy ${rule.path} ${rule.op} of its mandate`)
      }
      unless(decided_by === it.signed_by, `is in the name of ${decided_by}, not of ${it.signed_by} who signed`)
      return why
    },
  }
}
