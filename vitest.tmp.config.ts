import { defineConfig } from "vitest/config"
export default defineConfig({ test: { include: ["apps/gateway/test/**/*.test.ts","tests/*.test.ts","packages/**/test/*.test.ts"], pool: "forks", isolate: false, silent: "passed-only", testTimeout: 25000, hookTimeout: 180000 } })
