/** The quick form of the last third of the proofs. */
import { describe } from "@effect/vitest"
import { proofs } from "../proofs/proofs.ts"
import { holds } from "../support/Proving.ts"

describe("npm run prove", () => {
  holds(proofs.filter((_, nth) => nth % 3 === 2))
})
