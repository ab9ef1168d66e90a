/** The states of dead letters: their names, and what their colour means. */
import type { DeadLetterState } from "@stint/domain/scheduler/DeadLetters"
import type { ErrorType } from "@stint/domain/scheduler/Runs"
import type { Kind } from "../../ui/Tag.tsx"

/** What a state's colour means. */
export const kinds: Readonly<Record<DeadLetterState, Kind>> = {
  open: "bad",
  resolved: "ok",
  discarded: "plain",
  expired: "plain",
}

/** The states, in their order. */
export const deadLetterStates = Object.keys(kinds) as ReadonlyArray<DeadLetterState>

/** What a failure's kind means for whoever is to mend it. */
export const adviceOn = (type: ErrorType | null): string =>
  type === "TRANSIENT"
    ? "It failed on its last attempt, though another one may succeed."
    : "Another attempt succeeds once its cause is mended."
