/** The quick form of the other half of the proofs that CI runs: two files side by side. */
import { describe } from "@effect/vitest"
import { everyTime, holds } from "../support/Proving.ts"

describe("npm run prove", () => {
  holds(everyTime.filter((_, nth) => nth % 2 === 1))
})
