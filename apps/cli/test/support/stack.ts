/** What the tests of `stint start` have in common. */
import type { Role } from "@stint/domain/Caller"
import { join } from "node:path"
import { assert } from "vitest"
import { freePortBase } from "../../../../tests/support/Stack.ts"
import { until } from "../../../../tests/support/Until.ts"
import { openDevKey } from "../../src/DevKey.ts"
import { LauncherError } from "../../src/Postgres/LauncherError.ts"
import { isPostmasterOf, readPostmaster } from "../../src/Postgres/Postmaster.ts"
import { programs } from "../../src/Programs.ts"
import { type Begun, startStack, stopStack } from "../../src/Stack.ts"
import { settingsOf } from "../../src/Stack/Settings.ts"
import { groupOf, launch, type Launcher, newFolder, ownEnvironment } from "./launcher.ts"

/** An empty home and free ports. */
export const place = async () => {
  const STINT_HOME = await newFolder()
  const base = await freePortBase()
  return { base, env: { STINT_HOME, STINT_PORT_BASE: String(base) }, home: STINT_HOME }
}

/** A token of the stack that runs there. */
export const tokenFor = async (env: { readonly STINT_HOME: string }, role: Role, subject: string): Promise<string> =>
  await (await openDevKey(env.STINT_HOME, {})).sign({ role, subject, ttl: 3_600 })

/** Whether a line says how far a start has come. */
export const isStep = (line: string): boolean => /^(stint [\d.]+:|postgres |databases |services )/.test(line)

/** A start that is refused: exit status 1, and one sentence after the steps that were said until then. */
export const refusal = async (env: Record<string, string>, args = ["start", "--no-sample"]): Promise<string> => {
  const { status, text } = await launch(args, env).end
  assert.strictEqual(status, 1)
  const [last, ...steps] = text.trimEnd().split("\n").toReversed()
  assert.match(last!, /^stint: [^\n]+[.)]$/)
  assert.deepStrictEqual(steps.filter((line) => !isStep(line)), [])
  return last!
}

/** The same in this process, since each that is started costs a second: what the start says, less the name of the program. */
export const refused = async (env: Record<string, string>): Promise<string> => {
  const begun: Begun = { services: [], timers: [], servers: [] }
  const lines: Array<string> = []
  const bundle = await programs(false)
  const bundled = bundle === undefined ? {} : { STINT_PROGRAMS: bundle, DENO_DIR: join(bundle, "deno") }
  try {
    const output = { line: (line: string) => void lines.push(line), flush: () => Promise.resolve() }
    await startStack(settingsOf({ ...ownEnvironment(), ...bundled, ...env }), begun, output)
  } catch (error) {
    assert.instanceOf(error, LauncherError)
    assert.match(error.message, /^[^\n]+[.)]$/)
    assert.deepStrictEqual(lines.filter((line) => !isStep(line) && !line.startsWith("warning: ")), [])
    return error.message
  } finally {
    await stopStack(begun, new Promise(() => {}))
  }
  throw new Error("it was not refused")
}

/** The process of a home's Postgres. */
export const postgresOf = async (home: string) => (await readPostmaster(join(home, "postgres")))!.pid

/** Whether that process is the home's Postgres no more. */
export const isGone = async (home: string, pid: number) => !(await isPostmasterOf(pid, join(home, "postgres")))

/** Waits until nothing that a launcher started is left. */
export const noneLeft = ({ pid }: Launcher) =>
  until("no process is left", async () => (await groupOf(pid)).length === 0)
