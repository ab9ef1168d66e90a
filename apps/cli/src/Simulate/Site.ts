/** Where a simulation is made: here for made-up hires, in the running scheduler for the goals that it has. */
import { Simulate, Simulated } from "@stint/domain/scheduler/Simulation"
import { sentenceOf } from "@stint/edge/Refusal"
import { Simulation } from "@stint/scheduler/Simulation"
import { Cause, Effect, Option, Schema } from "effect"
import { openDevKey } from "../DevKey.ts"
import { requireStack } from "../Postgres/Home.ts"
import { LauncherError } from "../Postgres/LauncherError.ts"
import { type Env, settingsOf, urlOf } from "../Stack/Settings.ts"
import type { Answer } from "./Report.ts"

/** The body of POST /scheduler/simulate. */
export type Body = typeof Simulate.Encoded

/** A token for one call, in seconds. */
const TTL = 60
/** A simulation may take 20 s, and wait for another. */
const DEADLINE_MS = 60_000

/** Simulates given hires in this process, by the scheduler's own code: no stack has to run. */
export const simulateHere = (body: Body): Promise<Answer> =>
  Effect.runPromise(
    Effect.flatMap(Simulation, ({ simulate }) => simulate(Schema.decodeSync(Simulate)(body))).pipe(
      Effect.map(Schema.encodeSync(Simulated)),
      Effect.mapError((error) => new LauncherError(`${error.detail}.`)),
      Effect.provide(Simulation.withoutStorage),
      // a setting that the layers refuse
      Effect.catchCause((cause) =>
        Effect.fail(Option.getOrElse(
          Option.filter(Cause.findErrorOption(cause), (error) => error instanceof LauncherError),
          () => new LauncherError(`${sentenceOf(cause)}.`),
        ))
      ),
    ),
  )

/** Asks the running scheduler, as a viewer. Fails with a LauncherError when none runs, or it refuses. */
export const simulateThere = async (body: Body, env: Env): Promise<Answer> => {
  const settings = settingsOf(env)
  const url = urlOf(settings, "scheduler")
  const nobody = () =>
    new LauncherError(`No scheduler answers at ${url}: npm start starts one. Without --stored none is needed.`)
  if (settings.foreignTokens) {
    throw new LauncherError(
      `The services take the tokens of STINT_JWKS_URL or STINT_JWKS: POST ${url}/api/v1/scheduler/simulate with one.`,
    )
  }
  await fetch(`${url}/livez`, { signal: AbortSignal.timeout(5_000) }).then((answer) => answer.body?.cancel())
    .catch(() => Promise.reject(nobody()))
  await requireStack(settings.home)
  const key = await openDevKey(settings.home, env)
  const answer = await fetch(`${url}/api/v1/scheduler/simulate`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${await key.sign({ role: "viewer", subject: "stint-simulate", ttl: TTL })}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(DEADLINE_MS),
  }).catch(() => Promise.reject(nobody()))
  const json = await answer.json().catch(() => ({}))
  if (answer.ok) return json as Answer
  const { code = "no problem of ours", detail = "" } = json as { code?: string; detail?: string }
  const hint = answer.status === 401 ? " Is STINT_HOME the running stack's?" : ""
  throw new LauncherError(
    `The scheduler refused: ${answer.status} ${code}${detail === "" ? "" : `, ${detail}`}.${hint}`,
  )
}
