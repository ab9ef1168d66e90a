/** `npm run test:system`: what starts processes or takes long; it lies in tests/system and apps/cli/test. */
import { defineConfig } from "vitest/config"
import { common } from "./vitest.config.ts"

export default defineConfig({
  test: {
    ...common,
    include: ["tests/system/*.test.ts", "apps/**/test/**/*.test.ts"],
    // A stack is six processes: two cores have enough to do with one
    maxWorkers: 1,
    // Whoever waits for something says so itself, after a minute
    testTimeout: 300_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
  },
})
