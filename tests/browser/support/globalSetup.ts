/** What all tests in a browser stand on: the console, built from the sources as they are, and one stack that serves it. */
import { buildConsole, consoleState } from "@stint/cli/Pages"
import type { TestProject } from "vitest/node"
import { startStack } from "../../support/Stack.ts"
import { chromiumPath } from "./Chromium.ts"

declare module "vitest" {
  export interface ProvidedContext {
    /** The stack of the run; undefined where there is no browser. */
    browserStack: { readonly home: string; readonly base: number } | undefined
  }
}

/** What vitest calls once. */
export default async (project: TestProject): Promise<(() => Promise<void>) | undefined> => {
  if (chromiumPath === undefined) {
    project.provide("browserStack", undefined)
    return undefined
  }
  if (consoleState() === "stale") {
    const failure = await buildConsole()
    if (failure !== undefined) throw new Error(`the console can't be built: ${failure}`)
  }
  const stack = await startStack()
  project.provide("browserStack", { home: stack.home, base: stack.base })
  return () => stack.stop()
}
