/** The quick form of another third of the proofs: three files run side by side. */
import { describe } from "@effect/vitest"
import { proofs } from "../proofs/proofs.ts"
import { holds } from "../support/Proving.ts"

describe("npm run prove", () => {
  holds(proofs.filter((_, nth) => nth % 3 === 1))
})
