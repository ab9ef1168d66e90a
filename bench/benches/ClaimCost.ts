/** What one claim costs by how many runs are pending: through the engine's port, on databases of its own. */
import type { DeliverableId } from "@stint/domain/Ids"
import { Ids } from "@stint/edge/Ids"
import { EngineRepo } from "@stint/scheduler/Engine/Repo"
import { layerPg } from "@stint/scheduler/Engine/PgRepo"
import { Effect, Layer, ManagedRuntime } from "effect"
import { median, roundedAll, spreadOf, table } from "../Figures.ts"
import { createWithTables } from "../Peer.ts"
import { clientOf, type Connection, type Server } from "../Server.ts"

/** What the engine takes at once. */
const BATCH = 200
const CLAIMS = 40
/** Claims before these, which warm the statements up and do not count. */
const WARM_UP = 10
/** Whose runs they are: a lane each, of which one claim serves at most as many as it takes runs. */
const CUSTOMERS = 1_000

/** How many runs are pending. */
export interface Size {
  readonly due: number
  readonly later: number
}

/** So many runs that wait for later, and so many that are due: of a thousand customers. */
const fill = async (database: Connection, later: number, due: number) => {
  // ids that grow, as ours do; and no look at the foreign key for each row, which is right as they are made
  const insert = async (name: string, count: number, at: string, ready: boolean) => {
    await database.query(`
      insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
        created_at, status, idempotency_key)
      select 'SCH-' || id, 'GOI-' || id, 'HAI-' || n % ${CUSTOMERS}, 'customer-' || n % ${CUSTOMERS}, ${at}, now(), 'pending',
        'GOI-' || id || ':' || to_char(${at}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
      from generate_series(1, ${count}) n, lateral (select '${name}-' || to_char(n, 'FM000000000') as id) i`)
    await database.query(`
      insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id, scheduled_time,
        serial, claimable_at, due_at, ready)
      select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, 'marketing.healthcare.v1', scheduled_time,
        false, scheduled_time, scheduled_time, ${ready}
      from scheduled_goal_runs where scheduled_run_id like 'SCH-${name}-%' order by scheduled_run_id`)
  }
  await database.query("set session_replication_role = replica")
  await insert("later", later, "now() + n * interval '1 ms' + interval '1 hour'", false)
  // marked ready, as the engine stores a run that is due
  await insert("due", due, "now() - n * interval '1 ms'", true)
  await database.query("vacuum analyze run_queue")
  await database.query("vacuum analyze scheduled_goal_runs")
}

/** A database with pending runs, and the engine's hand on it. */
const open = async (server: Server, { due, later }: Size) => {
  const name = `bench_claim_${later}_${due}`
  const database = await createWithTables(server, name, "scheduler")
  const began = performance.now()
  await fill(database, later, due)
  console.log(`  ${later + due} pending runs stored in ${((performance.now() - began) / 1000).toFixed(1)} s`)
  const runtime = ManagedRuntime.make(layerPg.pipe(Layer.provide(Ids.layer), Layer.provide(clientOf(server.url(name)))))
  const engine = await runtime.runPromise(EngineRepo)
  return { engine, close: () => runtime.dispose().then(database.close) }
}

/** One claim and one settlement of a batch, in milliseconds. */
const turn = async (engine: EngineRepo["Service"]) => {
  const began = performance.now()
  const { runs } = await Effect.runPromise(
    engine.claim({
      holder: "bench",
      limit: BATCH,
      leaseMs: 600_000,
      maxAttempts: 5,
      retriesPerSecond: 100,
      suspects: "take",
    }),
  )
  const claimed = performance.now()
  if (runs.length !== BATCH) throw new Error(`claimed ${runs.length} of ${BATCH}`)
  await Effect.runPromise(engine.settle(
    runs.map((run) => ({ _tag: "Completed" as const, run, deliverable_id: "DEL-1" as DeliverableId })),
  ))
  return { claim: claimed - began, settle: performance.now() - claimed }
}

/** Measures, prints the table, and returns the figures, in milliseconds. */
export const claimCost = async (server: Server, sizes: ReadonlyArray<Size>) => {
  console.log(`\nclaim: ${BATCH} runs of ${CUSTOMERS} customers through the engine's port, databases taking turns`)
  const opened = []
  for (const size of sizes) opened.push(await open(server, size))
  const times = sizes.map(() => ({ claim: [] as Array<number>, settle: [] as Array<number> }))
  for (let n = -WARM_UP; n < CLAIMS; n++) {
    for (const [i, { engine }] of opened.entries()) {
      const { claim, settle } = await turn(engine)
      if (n < 0) continue
      times[i]!.claim.push(claim)
      times[i]!.settle.push(settle)
    }
  }
  for (const { close } of opened) await close()
  const figures = sizes.map((size, i) => ({
    ...size,
    claim_ms: spreadOf(times[i]!.claim),
    settle_ms: spreadOf(times[i]!.settle),
    ratio: median(times[i]!.claim) / median(times[0]!.claim),
  }))
  console.log(table([
    ["pending", "claim p50", "p95", "to the first", "settle p50", "p95"],
    ...figures.map(({ claim_ms, due, later, ratio, settle_ms }) => [
      `${due} due, ${later} for later`,
      `${claim_ms.p50.toFixed(2)} ms`,
      `${claim_ms.p95.toFixed(2)} ms`,
      `${ratio.toFixed(2)} x`,
      `${settle_ms.p50.toFixed(2)} ms`,
      `${settle_ms.p95.toFixed(2)} ms`,
    ]),
  ]))
  return roundedAll({ batch: BATCH, claims: CLAIMS, sizes: figures })
}
