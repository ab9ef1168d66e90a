import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: [
      "packages/**/test/**/*.test.ts",
      "services/**/test/**/*.test.ts",
      "apps/**/test/**/*.test.ts",
      "tests/**/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/.stint/**"],
    globalSetup: ["tests/support/globalSetup.ts"],
    // Processes, not threads: a test that ends a process or changes its signals stays alone with that
    pool: "forks",
    testTimeout: 20_000,
    hookTimeout: 30_000,
    teardownTimeout: 30_000,
    coverage: {
      // V8's own coverage needs Node's inspector, which Deno does not have: the code is instrumented instead. Processes
      // that a test starts run as they are, so what only they do (main.ts) counts as not covered.
      provider: "istanbul",
      include: ["services/*/src/**/*.ts", "packages/*/src/**/*.ts"],
      reporter: ["text", "json-summary"],
      reportOnFailure: true,
      // The requirement's figure
      thresholds: { lines: 89 },
    },
  },
})
