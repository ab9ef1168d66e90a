/**
 * Fills in the agent type of deliverables that programs of 0.2.0 made, so that they are in the lists by agent type: hiring is
 * asked for their hires. In small batches, at the start and then hourly, since programs of 0.2.0 may still run beside.
 */
import { Hiring } from "./Clients.ts"
import { Health } from "@stint/edge/Health"
import { betweenBatches, retentionPass, unknownStanding } from "@stint/edge/Schedules"
import * as Watchdog from "@stint/edge/Watchdog"
import { Effect, Layer } from "effect"
import { AgentsRepo, HIRES } from "./Agents/Repo.ts"

/** How long a pass may take before the watchdog says so. */
const PASS = "1 hour"

/**
 * One pass: how many deliverables it filled. Those of a hire that hiring does not know, or can't read, stay without. Fails with
 * Unavailable while hiring is away; what was filled until then is.
 */
export const fill = Effect.gen(function* () {
  const repo = yield* AgentsRepo
  const { lookup } = yield* Hiring
  let filled = 0
  for (let after = "";;) {
    const hires = yield* repo.without(after)
    if (hires.length === 0) return filled
    const found = yield* lookup({ hired_instance_ids: hires }, { apart: true })
    const agents = found.hires.map(({ agent_id, hired_instance_id }) => ({ agent_id, hired_instance_id }))
    const batch = agents.length === 0 ? Effect.succeed(0) : repo.fill(agents)
    yield* batch.pipe(
      Effect.tap((rows) => Effect.sync(() => filled += rows)),
      Effect.repeat({ schedule: betweenBatches, until: (rows: number) => rows === 0 }),
    )
    if (hires.length < HIRES) return filled
    after = hires.at(-1)!
  }
})

/** Fills in the background. */
export const worker = Layer.effectDiscard(Effect.gen(function* () {
  const health = yield* Health
  yield* Watchdog.guard("agent types of deliverables", PASS)(fill).pipe(
    Effect.tap((rows) => rows === 0 ? Effect.void : Effect.logInfo(`filled in the agent type of ${rows} deliverables`)),
    // hiring is away, which its alert says, or the database
    Effect.sandbox,
    Effect.retry(unknownStanding),
    Effect.repeat(retentionPass),
    Effect.raceFirst(health.draining),
    Effect.forkScoped,
  )
}))
