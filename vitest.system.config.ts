/** `npm run test:system`: what starts processes or takes long; it lies in tests/system and apps/cli/test. */
import { defineConfig } from "vitest/config"
import { common } from "./vitest.config.ts"

export default defineConfig({
  test: {
    ...common,
    include: ["tests/system/*.test.ts", "apps/**/test/**/*.test.ts"],
    // A stack is six processes, which mostly wait: two cores carry two
    maxWorkers: 2,
    // Whoever waits for something says so itself, after a minute
    testTimeout: 300_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
  },
})
