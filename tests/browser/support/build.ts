/** Builds the console before its tests, so that they are of what is in the sources. */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { chromiumPath } from "./Chromium.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/** What vitest calls once. */
export default async (): Promise<void> => {
  if (chromiumPath === undefined) return
  await promisify(execFile)("npm", ["run", "build", "-w", "apps/console"], { cwd: root })
}
