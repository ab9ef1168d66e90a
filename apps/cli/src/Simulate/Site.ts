/** Where a simulation is made: here for made-up hires, in the running scheduler for the goals that it has. */
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Simulate, Simulated } from "@stint/domain/scheduler/Simulation"
import { sentenceOf } from "@stint/edge/Refusal"
import { Simulation } from "@stint/scheduler/Simulation"
import { Cause, Effect, Option, Schema } from "effect"
import type { Flags } from "../Command.ts"
import type { Io } from "../Io.ts"
import { LauncherError } from "../Postgres/LauncherError.ts"
import { sessionOf, whole } from "../Remote/Session.ts"
import type { Answer } from "./Report.ts"

/** The body of POST /scheduler/simulate. */
export type Body = typeof Simulate.Encoded

/** A simulation may take 20 s, and wait for another; in milliseconds. */
const WAITS_MS = 45_000

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

/** Asks a running scheduler. Fails as every call of a service does. */
export const simulateThere = async (body: Body, flags: Flags, io: Io): Promise<Answer> => {
  const session = await sessionOf(flags, io, [])
  const payload = Schema.decodeSync(Simulate)(body)
  const { body: answer } = await session.ask(
    SchedulerApi,
    "scheduler",
    ({ simulation }) => simulation.simulate({ payload, ...whole }),
    WAITS_MS,
  )
  return answer as Answer
}
