/** `npm run test:system`: what starts processes or takes long; it lies in tests/system and apps/cli/test. */
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"
import { common } from "./vitest.config.ts"

/** What takes longest begins first, so that no worker is left with it at the end; the others as vitest has them. */
const LONGEST = [
  "tests/system/proofs.test.ts",
  "tests/system/proofs.others.test.ts",
  "tests/system/proofs.more.test.ts",
  "tests/system/upgrade.test.ts",
  "apps/cli/test/demo.test.ts",
]

class LongestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    const place = ({ moduleId }: TestSpecification) => {
      const nth = LONGEST.findIndex((path) => moduleId.endsWith(path))
      return nth === -1 ? LONGEST.length : nth
    }
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b))
  }
}

export default defineConfig({
  test: {
    ...common,
    include: ["tests/system/*.test.ts", "apps/cli/test/**/*.test.ts"],
    // A stack is seven processes, which mostly wait, as the tests do: two cores carry four
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    // Whoever waits for something says so itself, after two minutes
    testTimeout: 300_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
  },
})
