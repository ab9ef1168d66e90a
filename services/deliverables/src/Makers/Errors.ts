/** How a making fails. Each is an error of its own; the queue decides by it what follows. */
import {
  DraftNotValid,
  MakerFailed,
  MakerLate,
  MakerMisconfigured,
  MakerRefused,
  OverBudget,
} from "@stint/domain/deliverables/Makings"
import { Schema } from "effect"

export { DraftNotValid, MakerFailed, MakerLate, MakerMisconfigured, MakerRefused, OverBudget }

/**
 * The maker is away: not reached, 408, 429 or 503. It opens the breaker of its place for `retryAfter` milliseconds, or as the
 * schedule has it; the making waits, and no attempt is charged for it. `why` is one line that people see.
 */
export class PlaceAway extends Schema.TaggedError<PlaceAway>()("PlaceAway", {
  why: Schema.String,
  retryAfter: Schema.optionalKey(Schema.Number),
}) {}

/** How a making fails: away waits; late and failed are tried again as attempts; the others are final. */
export type MakingError =
  | PlaceAway
  | MakerLate
  | MakerFailed
  | MakerRefused
  | MakerMisconfigured
  | DraftNotValid
  | OverBudget
