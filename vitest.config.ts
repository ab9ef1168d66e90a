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
  },
})
