/** `npm test`: units, services on a real Postgres through their fetch handlers, packages, the README's tour. */
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** What takes longest begins first, so that no worker is left with it at the end; the others as vitest has them. */
const LONGEST = [
  "tests/readme.test.ts",
  "apps/gateway/test/changes.test.ts",
  "tests/schema.test.ts",
  "tests/system/proofs.test.ts",
  "tests/system/proofs.others.test.ts",
  "tests/system/proofs.shared.test.ts",
  "tests/system/proofs.release.test.ts",
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

/** What all tests have in common. */
export const common = {
  exclude: ["**/node_modules/**", "**/.stint/**"],
  globalSetup: ["tests/support/globalSetup.ts"],
  pool: "forks" as const,
  // A worker imports Effect and our code (instrumented, for coverage) once, and not for each file. So no test ends its own
  // process or changes its environment, signals or globals: what does that is a process which the test starts
  isolate: false,
  sequence: { sequencer: LongestFirst },
  // What a test prints is shown when it fails
  silent: "passed-only" as const,
}

export default defineConfig({
  test: {
    ...common,
    include: [
      "packages/**/test/**/*.test.ts",
      "services/**/test/**/*.test.ts",
      "apps/{gateway,console}/test/**/*.test.ts",
      "tests/*.test.ts",
    ],
    // Most of the time a test waits, for Postgres or for something to come
    maxWorkers: 3,
    // Whoever waits for something says so itself, after two minutes
    testTimeout: 300_000,
    hookTimeout: 180_000,
    teardownTimeout: 30_000,
    coverage: {
      // V8's own coverage needs Node's inspector, which Deno does not have: the code is instrumented instead. Processes
      // that a test starts run as they are, so what only they do (main.ts) counts as not covered.
      provider: "istanbul",
      include: ["services/*/src/**/*.ts", "packages/*/src/**/*.ts", "apps/gateway/src/**/*.ts"],
      reporter: ["text", "json-summary"],
      reportOnFailure: true,
      // The requirement's figure
      thresholds: { lines: 89 },
    },
  },
})
