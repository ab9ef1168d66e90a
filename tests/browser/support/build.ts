/** Builds the console before its tests, so that they are of what is in the sources. */
import { buildConsole, consoleState } from "@stint/cli/Pages"
import { chromiumPath } from "./Chromium.ts"

/** What vitest calls once. */
export default async (): Promise<void> => {
  if (chromiumPath === undefined || consoleState() !== "stale") return
  const failure = await buildConsole()
  if (failure !== undefined) throw new Error(`the console can't be built: ${failure}`)
}
