/** `npm run test:system`: what starts processes or takes long; it lies in tests/system and apps/cli/test. */
import { defineConfig } from "vitest/config"
import { common } from "./vitest.config.ts"

export default defineConfig({
  test: {
    ...common,
    include: ["tests/system/*.test.ts", "apps/cli/test/**/*.test.ts"],
    // A stack is seven processes, which mostly wait, as the tests do: two cores carry four
    maxWorkers: 4,
    // Whoever waits for something says so itself, after two minutes
    testTimeout: 300_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
  },
})
