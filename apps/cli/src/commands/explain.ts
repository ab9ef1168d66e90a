import type { Explanation } from "@stint/domain/scheduler/Answers"
import process from "node:process"
import { type Command, UsageError } from "../Command.ts"
import { openDevKey } from "../DevKey.ts"
import { requireStack } from "../Postgres/Home.ts"
import { say } from "../Output.ts"
import { LauncherError } from "../Postgres/LauncherError.ts"
import { settingsOf, urlOf } from "../Stack/Settings.ts"

/** An explanation as it comes over the wire. */
type Answer = typeof Explanation.Encoded

/** For how long the token of one question holds, in seconds. */
const TTL = 60

const goalOf = (text: unknown): string => {
  if (typeof text === "string" && text !== "") return text
  throw new UsageError("Say --goal GOI-..., the goal to be explained.")
}

/** Asks the scheduler of the local stack, as a viewer: it reads, and names who paused or cancelled. */
const ask = async (goal: string, at: string | undefined): Promise<Answer> => {
  const settings = settingsOf(process.env)
  if (settings.foreignTokens) {
    throw new LauncherError("The services take the tokens of STINT_JWKS_URL or STINT_JWKS: ask with one of its issuer.")
  }
  await requireStack(settings.home)
  const token = await (await openDevKey(settings.home, process.env)).sign({
    role: "viewer",
    subject: "stint-explain",
    ttl: TTL,
  })
  const base = urlOf(settings, "scheduler")
  const url = new URL(`${base}/api/v1/scheduler/goals/${encodeURIComponent(goal)}/explain`)
  if (at !== undefined) url.searchParams.set("at", at)
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(10_000),
  }).catch(() => {
    throw new LauncherError(`The scheduler does not answer at ${base}: start it with stint start.`)
  })
  const body = await response.json().catch(() => ({}))
  if (response.ok) return body as Answer
  const { detail, errors, title } = body as Record<string, string> & { errors?: ReadonlyArray<Record<string, string>> }
  const faults = errors?.map(({ message, path }) => `${path} ${message}`).join("; ")
  throw new LauncherError(`${title ?? `The scheduler answers ${response.status}`}: ${faults ?? detail ?? goal}.`)
}

/** `stint explain`: why a goal ran, will run, or did not. */
export const explain: Command = {
  usage: `Usage: stint explain --goal GOAL [--at INSTANT] [--json]

Says why a goal of the local stack did, will or did not run at an instant, and what led to it.

  --goal     the goal's id, GOI-...
  --at       an RFC 3339 instant in UTC, such as 2026-03-01T09:00:00Z; now unless given. The minute of a slot is enough
  --json     prints the whole answer of GET /api/v1/scheduler/goals/:id/explain`,
  options: { goal: { type: "string" }, at: { type: "string" }, json: { type: "boolean" } },
  run: async ({ at, goal, json }) => {
    const answer = await ask(goalOf(goal), typeof at === "string" ? at : undefined)
    if (json === true) JSON.stringify(answer, null, 2).split("\n").forEach((line) => say(line))
    else [answer.sentence, ...answer.because.map((line) => `  ${line}`)].forEach((line) => say(line))
    return 0
  },
}
