/** The quick form of more of the proofs that CI runs: three files side by side. */
import { describe } from "@effect/vitest"
import { holds, oneHalf } from "../support/Proving.ts"

describe("npm run prove", () => {
  holds(oneHalf)
})
