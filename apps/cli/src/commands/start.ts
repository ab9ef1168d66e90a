import manifest from "../../../../package.json" with { type: "json" }
import type { Command } from "../Command.ts"
import { homeOf } from "../Home.ts"
import { type Output, standardOutput, withholding } from "../Output.ts"
import type { Begun, Stack } from "../Stack.ts"
import { serviceNames, type Settings, settingsOf } from "../Stack/Settings.ts"

/** Signals that come together are one: a terminal, npm and the program above this one each pass on the same Ctrl-C. */
const TOGETHER_MS = 500

/** The first signal asks for the end, one after it for a quick one. */
const signals = () => {
  const asked = Promise.withResolvers<void>()
  const hurry = Promise.withResolvers<void>()
  let first: number | undefined
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {
      first ??= Date.now()
      asked.resolve()
      if (Date.now() - first > TOGETHER_MS) hurry.resolve()
    })
  }
  return { asked: asked.promise, hurry: hurry.promise }
}

/** The first line, said before the programs for the rest are loaded. */
const beginning = ({ env, home, portBase }: Settings): string =>
  `stint ${manifest.version}: ${serviceNames.length} services from port ${portBase + 1} on, data in ` +
  (home === homeOf({}) ? ".stint" : env.STINT_HOME ?? home)

const readyLine = ({ console, urls }: Stack): string =>
  `ready: console ${console}. Services: ${Object.entries(urls).map(([name, url]) => `${name} ${url}`).join(", ")}. ` +
  "Each has its documentation at /docs. Ctrl-C ends them."

/** A word as a shell takes it. */
const quoted = (word: string): string => /^[\w./:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

/** Makes the sample in the background, where it belongs: on embedded databases only. */
const sample = async (stack: Stack, { env, home }: Settings, output: Output, signal: AbortSignal): Promise<void> => {
  const { isEmbedded, isNew, key, urls } = stack
  if (key === undefined || !isEmbedded) return
  const { makeSample, sampleLines, sampleReminder } = await import("../Sample.ts")
  try {
    const site = { home, key, urls }
    const outcome = await makeSample(site, isNew, signal)
    const prefix = home === homeOf({}) ? "" : `STINT_HOME=${quoted(env.STINT_HOME ?? home)} `
    if (outcome === "made") { for (const line of sampleLines(site, prefix)) output.line(line) }
    if (outcome === "present") output.line(sampleReminder(site, prefix))
  } catch (error) {
    if (signal.aborted) return
    output.line(
      `sample: incomplete, the next start finishes it: ${error instanceof Error ? error.message : error}`,
    )
  }
}

/** `stint start`: the stack, until it is told to end. */
export const start: Command = {
  about:
    "Starts the four services, ready when it says so; Ctrl-C ends them, each finishing what it does. On an empty home " +
    "it also makes a sample customer with hired agents at work.",
  flags: { "no-sample": { about: "leaves the sample customer out" } },
  notes: `STINT_HOME: where everything is stored; .stint in this repository unless given.
STINT_PORT_BASE: 4100 unless given: catalog +1, hiring +2, deliverables +3, scheduler +4.
<SERVICE>_DATABASE_URL: a Postgres of your own for that service, instead of the embedded one.
<SERVICE>_MIGRATE_URL: the same database as its owner, who may change the schema.
STINT_JWKS_URL: the keys of an issuer of your own; then STINT_JWT_ISSUER names it, and <SERVICE>_TOKEN_FILE the file of each service's tokens (docs/keys.md).`,
  run: async (flags) => {
    const settings = settingsOf(Deno.env.toObject())
    const output = withholding(standardOutput(), /ready/i)
    output.line(beginning(settings))
    const { startStack, stopStack } = await import("../Stack.ts")
    const ending = new AbortController()
    const { asked, hurry } = signals()
    const begun: Begun = { services: [], timers: [], servers: [] }
    let hurried = false
    hurry.then(() => hurried = true)
    const end = async () => {
      ending.abort()
      output.release()
      await stopStack(begun, hurry)
      await output.flush()
    }
    try {
      const stack = await Promise.race([startStack(settings, begun, output), asked])
      if (stack !== undefined) {
        output.release(readyLine(stack))
        if (!flags["no-sample"]) void sample(stack, settings, output, ending.signal)
      }
      const lost = stack === undefined ? undefined : await Promise.race([asked, stack.lost])
      if (lost !== undefined) throw lost
      output.line("Ending: the services finish what they do first. Ctrl-C again does not wait for them.")
    } catch (error) {
      await end()
      throw error
    }
    await end()
    return hurried ? 130 : 0
  },
}
