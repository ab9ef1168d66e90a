/** `npm run test:browser`: the console in headless Chromium, on the whole stack. Without a Chromium its tests are skipped. */
import { defineConfig } from "vitest/config"
import { common } from "./vitest.config.ts"

export default defineConfig({
  test: {
    ...common,
    globalSetup: ["tests/browser/support/globalSetup.ts"],
    include: ["tests/browser/*.test.ts"],
    // A stack and a browser: two cores carry one
    maxWorkers: 1,
    // Whoever waits for something says so itself, after two minutes
    testTimeout: 600_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
  },
})
