/** Pure: how a making answers its run, and what a maker's failure is stored as. */
import { MakerAway } from "@stint/domain/deliverables/Makings"
import type { Making } from "@stint/domain/Making"
import { DraftImpossible } from "@stint/domain/deliverables/Drafts"
import type { FieldIssue } from "@stint/domain/Problem"
import { clipped } from "@stint/domain/Text"
import {
  DraftNotValid,
  MakerFailed,
  MakerLate,
  MakerMisconfigured,
  MakerRefused,
  type MakingError,
  OverBudget,
  type PlaceAway,
} from "../Makers/Errors.ts"
import type { MakingRow, StoredProblem } from "./Row.ts"

/** What a run is answered with when its making failed. */
export type MakingProblem =
  | MakerLate
  | MakerFailed
  | MakerAway
  | MakerRefused
  | MakerMisconfigured
  | DraftNotValid
  | DraftImpossible
  | OverBudget

const problems = {
  maker_late: MakerLate,
  maker_failed: MakerFailed,
  maker_away: MakerAway,
  maker_refused: MakerRefused,
  maker_misconfigured: MakerMisconfigured,
  draft_impossible: DraftImpossible,
  budget: OverBudget,
}

/** The stored problem as the error that it was. */
export const problemFrom = ({ code, detail, errors }: StoredProblem): MakingProblem =>
  code === "draft_not_valid"
    ? new DraftNotValid({ detail, ...(errors === undefined ? {} : { errors }) })
    : new problems[code]({ detail })

/** The most faults of a draft that are kept. */
const FAULTS = 50
/** The most characters of a detail or a message that are kept. */
const CHARS = 500

/** Text that can be stored and shown, of at most so many characters. */
export const storable = (text: string, most = CHARS): string => clipped(text, most).replaceAll("\0", "").toWellFormed()

const shortened = (errors: ReadonlyArray<FieldIssue>): ReadonlyArray<FieldIssue> =>
  errors.slice(0, FAULTS).map(({ message, path }) => ({ path: storable(path), message: storable(message) }))

/** A failure as it is stored. A maker that is away is none: its making waits. */
export const problemOf = (error: Exclude<MakingError, PlaceAway> | DraftImpossible): StoredProblem => ({
  code: error.code,
  detail: storable(error.detail ?? error.title),
  ...(error instanceof DraftNotValid && error.errors !== undefined ? { errors: shortened(error.errors) } : {}),
})

/** A run that names no attempt is of a scheduler of 0.2.0: it waits longer than this, in seconds, before it asks once more. */
const ASKED_AGAIN = 25

/** What follows from how a making stands, for the attempt that asks: it goes on, it is made again, or it failed. */
export const standingOf = (
  row: MakingRow | undefined,
  attempt: string | undefined,
): "new" | "going_on" | StoredProblem => {
  if (row === undefined || row.state === "cancelled") return "new"
  if (row.state !== "failed" || row.problem === null) return "going_on"
  const isSame = attempt === undefined ? (row.ended_for ?? 0) < ASKED_AGAIN : attempt === row.attempt
  return isSame ? row.problem : "new"
}

/** A making on the wire. */
export const toMaking = ({ calls, deadline, note, since }: Omit<MakingRow, "state" | "problem">): Making => ({
  state: "making",
  since,
  deadline,
  calls,
  ...(note === null ? {} : { note }),
})
