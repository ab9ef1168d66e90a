/** The quick form of the other half of the proofs: two files run side by side. */
import { describe } from "@effect/vitest"
import { proofs } from "../proofs/proofs.ts"
import { holds } from "../support/Proving.ts"

describe("npm run prove", () => {
  holds(proofs.filter((_, nth) => nth % 2 === 1))
})
