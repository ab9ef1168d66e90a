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
  // vitest's own NODE_ENV would build React for developers
  const env = { ...process.env, NODE_ENV: "production" }
  await promisify(execFile)("npm", ["run", "build", "-w", "apps/console"], { cwd: root, env })
}
