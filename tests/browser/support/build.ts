/** Builds the console before its tests, so that they are of what is in the sources. */
import { execFile } from "node:child_process"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { chromiumPath } from "./Chromium.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/** What vitest calls once. */
export default async (): Promise<void> => {
  if (chromiumPath === undefined) return
  // vitest says NODE_ENV=test, which would build React as it is for its developers
  const env = { ...process.env, NODE_ENV: "production" }
  await promisify(execFile)("npm", ["run", "build", "-w", "apps/console"], { cwd: root, env })
}
