import { issuesUnder } from "@stint/domain/FieldIssues"
import { Simulate } from "@stint/domain/scheduler/Simulation"
import { readTextFile } from "@stint/edge/Serve/TextFile"
import { type Flags, UsageError } from "../../Command.ts"
import type { Io } from "../../Io.ts"
import { LauncherError, reasonOf } from "../../Postgres/LauncherError.ts"
import { numberOf } from "../../Remote/Session.ts"
import { meanwhile } from "../../Remote/Wait.ts"
import { document } from "../../Show/Fields.ts"
import { mixOf } from "../../Simulate/Mix.ts"
import { reportOf } from "../../Simulate/Report.ts"
import { type Body, simulateHere, simulateThere } from "../../Simulate/Site.ts"

const issuesOf = issuesUnder(Simulate)

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
  const spread = numberOf(flags, "spread", 0, 86_400)
  return {
    days: numberOf(flags, "days", 1, 366) ?? 30,
    ...(flags.stored === true ? { source: "stored" } : { hires: mixOf(numberOf(flags, "hires", 1, 100_000) ?? 1_000) }),
    ...(spread === undefined ? {} : { spread_seconds: spread }),
  }
}

/** What `stint simulate` does. */
export const perform = async (flags: Flags, io: Io): Promise<number> => {
  const body = await bodyOf(flags)
  const answer = await meanwhile(
    io,
    "Simulating,",
    body.source === "stored" ? simulateThere(body, flags, io) : simulateHere(body),
  )
  if (flags.json === true) document(io, answer)
  else reportOf(answer).forEach(io.out)
  return 0
}
