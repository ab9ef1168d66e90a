/** `npm test`: units, services on a real Postgres through their fetch handlers, packages, the README's tour. */
import { defineConfig } from "vitest/config"

/** What all tests have in common. */
export const common = {
  exclude: ["**/node_modules/**", "**/.stint/**"],
  globalSetup: ["tests/support/globalSetup.ts"],
  pool: "forks" as const,
  // A worker imports Effect and our code (instrumented, for coverage) once, and not for each file. So no test ends its own
  // process or changes its environment, signals or globals: what does that is a process which the test starts
  isolate: false,
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
    // Half of the time a test waits for Postgres
    maxWorkers: 2,
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
