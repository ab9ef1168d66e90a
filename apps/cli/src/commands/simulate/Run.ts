import { issuesUnder } from "@stint/domain/FieldIssues"
import { Simulate } from "@stint/domain/scheduler/Simulation"
import { readTextFile } from "@stint/edge/Serve/TextFile"
import process from "node:process"
import { type Flags, UsageError } from "../../Command.ts"
import { say } from "../../Output.ts"
import { LauncherError, reasonOf } from "../../Postgres/LauncherError.ts"
import { mixOf } from "../../Simulate/Mix.ts"
import { reportOf } from "../../Simulate/Report.ts"
import { type Body, simulateHere, simulateThere } from "../../Simulate/Site.ts"

const issuesOf = issuesUnder(Simulate)

const wholeOf = (flags: Flags, name: string, least: number, most: number, otherwise?: number): number | undefined => {
  const text = flags[name]
  if (text === undefined) return otherwise
  const value = /^\d{1,9}$/.test(String(text)) ? Number(text) : NaN
  if (value >= least && value <= most) return value
  throw new UsageError(`--${name} must be a whole number, ${least} to ${most}.`)
}

/** The body in a file, held to what the scheduler takes. */
const bodyIn = async (path: string): Promise<Body> => {
  const text = await readTextFile(path).catch((error) => {
    throw new LauncherError(`${path} can't be read: ${reasonOf(error)}.`)
  })
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new LauncherError(`${path} is no JSON.`)
  }
  const issues = issuesOf(body)
  if (issues.length === 0) return body as Body
  throw new LauncherError(
    `${path} is no simulation: ${issues.map(({ message, path }) => `${path} ${message}`).slice(0, 3).join("; ")}.`,
  )
}

const bodyOf = async (flags: Flags): Promise<Body> => {
  if (flags.file !== undefined) {
    const other = ["hires", "days", "spread", "stored"].find((name) => flags[name] !== undefined)
    if (other !== undefined) throw new UsageError(`--file says it all: leave --${other} out.`)
    return await bodyIn(String(flags.file))
  }
  if (flags.stored === true && flags.hires !== undefined) throw new UsageError("Say --hires or --stored, not both.")
  const spread = wholeOf(flags, "spread", 0, 86_400)
  return {
    days: wholeOf(flags, "days", 1, 366, 30)!,
    ...(flags.stored === true ? { source: "stored" } : { hires: mixOf(wholeOf(flags, "hires", 1, 100_000, 1_000)!) }),
    ...(spread === undefined ? {} : { spread_seconds: spread }),
  }
}

/** What `stint simulate` does. */
export const perform = async (flags: Flags): Promise<number> => {
  const body = await bodyOf(flags)
  const answer = body.source === "stored" ? await simulateThere(body, process.env) : await simulateHere(body)
  const lines = flags.json === true ? JSON.stringify(answer, null, 2).split("\n") : reportOf(answer)
  lines.forEach((line) => say(line))
  return 0
}
