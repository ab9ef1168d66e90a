/** What the tests of `stint start` have in common. */
import { join } from "node:path"
import { assert } from "vitest"
import { freePortBase } from "../../../../tests/support/Stack.ts"
import { isPostmasterOf, readPostmaster } from "../../src/Postgres/Postmaster.ts"
import { until } from "../../../../tests/support/Until.ts"
import { groupOf, launch, type Launcher, newFolder } from "./launcher.ts"

/** An empty home and free ports. */
export const place = async () => {
  const STINT_HOME = await newFolder()
  const base = await freePortBase()
  return { base, env: { STINT_HOME, STINT_PORT_BASE: String(base) }, home: STINT_HOME }
}

/** What `stint token` prints. */
export const tokenFor = async (env: Record<string, string>, role: string, subject: string): Promise<string> => {
  const { status, text } = await launch(["token", "--role", role, "--subject", subject], env).end
  assert.strictEqual(status, 0)
  return text.trim()
}

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

/** The process of a home's Postgres. */
export const postgresOf = async (home: string) => (await readPostmaster(join(home, "postgres")))!.pid

/** Whether that process is the home's Postgres no more. */
export const isGone = async (home: string, pid: number) => !(await isPostmasterOf(pid, join(home, "postgres")))

/** Waits until nothing that a launcher started is left. */
export const noneLeft = ({ pid }: Launcher) =>
  until("no process is left", async () => (await groupOf(pid)).length === 0)
