/** The stack that all files of a run share. They come one after another, and each has customers of its own on it. */
import { inject } from "vitest"
import { type ReachedStack, reachStack } from "../../support/Stack.ts"
import type {} from "./globalSetup.ts"

/** The stack of the run. */
export const sharedStack = (): Promise<ReachedStack> => {
  const stack = inject("browserStack")
  if (stack === undefined) throw new Error("where there is no browser, no stack is started for it")
  return reachStack(stack.home, stack.base)
}
