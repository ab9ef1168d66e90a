/** What all tests in a browser stand on: the console, built from the sources as they are, and one stack that serves it. */
import { buildConsole, consoleState } from "@stint/cli/Pages"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import { startFakeModel } from "../../support/FakeModel.ts"
import { startStack } from "../../support/Stack.ts"
import { chromiumPath } from "./Chromium.ts"

declare module "vitest" {
  export interface ProvidedContext {
    /** The stack of the run; undefined where there is no browser. */
    browserStack: { readonly home: string; readonly base: number } | undefined
  }
}

/** The model that is there. It is not the one that shipped types name: their drafts stay those of their own code. */
export const ALIAS = "quill"

const modelsOf = (base_url: string): string =>
  JSON.stringify({
    [ALIAS]: {
      provider: "openai-compatible",
      base_url,
      model: "fake-1",
      price_per_million_in: 2,
      price_per_million_out: 10,
    },
  })

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
  const model = startFakeModel()
  const folder = await mkdtemp(join(tmpdir(), "stint-models-"))
  const models = join(folder, "models.json")
  await writeFile(models, modelsOf(model.base_url))
  // a maker of a test listens at a port of its own
  const stack = await startStack({ STINT_MODELS: models, STINT_MAKER_HOSTS: "127.0.0.1" })
  project.provide("browserStack", { home: stack.home, base: stack.base })
  return async () => {
    await stack.stop()
    await model.end()
    await rm(folder, { recursive: true })
  }
}
