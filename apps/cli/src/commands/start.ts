import type { Command } from "../Command.ts"
import { standardOutput } from "../Output.ts"
import { type Begun, type Stack, startStack, stopStack } from "../Stack.ts"
import { settingsOf } from "../Stack/Settings.ts"

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

const readyLine = ({ urls }: Stack): string =>
  `ready: ${Object.entries(urls).map(([name, url]) => `${name} ${url}`).join(", ")}. ` +
  "Each has its documentation at /docs. Ctrl-C ends them."

/** `stint start`: the stack, until it is told to end. */
export const start: Command = {
  usage: `Usage: stint start [--no-sample]

Starts the four services, ready when it says so; Ctrl-C ends them, each finishing what it does.
On an empty home it also makes a sample customer with hired agents at work.

  --no-sample  leaves the sample customer out

  STINT_HOME               where everything is stored; .stint in this repository unless given
  STINT_PORT_BASE          4100 unless given: catalog +1, hiring +2, deliverables +3, scheduler +4
  <SERVICE>_DATABASE_URL   a Postgres of your own for that service, instead of the embedded one
  <SERVICE>_MIGRATE_URL    the same database as its owner, who may change the schema
  STINT_JWKS_URL           the keys of an issuer of your own; then <SERVICE>_TOKEN_FILE names each service's token`,
  options: { "no-sample": { type: "boolean" } },
  run: async (_flags) => {
    const settings = settingsOf(Deno.env.toObject())
    const output = standardOutput()
    const { asked, hurry } = signals()
    const begun: Begun = { services: [], timers: [] }
    let hurried = false
    hurry.then(() => hurried = true)
    const end = async () => {
      await stopStack(begun, hurry)
      await output.flush()
    }
    try {
      const stack = await Promise.race([startStack(settings, begun, output), asked])
      if (stack !== undefined) output.line(readyLine(stack))
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
