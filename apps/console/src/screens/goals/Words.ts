/** The states of runs as a customer reads them. */
import { states as known } from "../runs/Words.ts"

/** As operators read them, but for the dead letter, which is theirs. */
export const states: typeof known = { ...known, dead_lettered: { kind: "bad", words: "failed" } }
