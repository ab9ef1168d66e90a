/** The quick form of the proofs that CI leaves to a release. */
import { describe } from "@effect/vitest"
import { atRelease, holds } from "../support/Proving.ts"

describe("npm run prove", () => {
  holds(atRelease)
})
