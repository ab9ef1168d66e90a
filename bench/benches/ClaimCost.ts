/** What one claim costs by how many runs are pending: through the engine's port, on databases of its own. */
import { PgClient } from "@effect/sql-pg"
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
const DUE = 10_000
/** Claims that warm the statements up and do not count. */
const WARM_UP = 5
const CUSTOMERS = 1_000

/** So many runs that wait for later, and so many that are due: of a thousand customers. */
const fill = async (database: Connection, later: number, due: number) => {
  // ids that grow, as ours do; and no look at the foreign key for each row, which is right as they are made
  const insert = async (name: string, count: number, at: string) => {
    await database.query(`
      insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
        created_at, status, idempotency_key)
      select 'SCH-' || id, 'GOI-' || id, 'HAI-' || n % ${CUSTOMERS}, 'customer-' || n % ${CUSTOMERS}, ${at}, now(), 'pending',
        'GOI-' || id || ':' || to_char(${at}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
      from generate_series(1, ${count}) n, lateral (select '${name}-' || to_char(n, 'FM000000000') as id) i`)
    await database.query(`
      insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, serial,
        claimable_at)
      select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time, false, scheduled_time
      from scheduled_goal_runs where scheduled_run_id like 'SCH-${name}-%' order by scheduled_run_id`)
  }
  await database.query("set session_replication_role = replica")
  await insert(
    "later",
    later,
    "now() + n * interval '1 ms' + interval '1 hour'",
  )
  await insert("due", due, "now() - n * interval '1 ms'")
  await database.query("vacuum analyze run_queue")
  await database.query("vacuum analyze scheduled_goal_runs")
}

/** A database with pending runs, and the engine's hand on it. */
const open = async (
  server: Server,
  name: string,
  later: number,
  due: number,
) => {
  const database = await createWithTables(server, `bench_claim_${name}`, "scheduler")
  const began = performance.now()
  await fill(database, later, due)
  console.log(
    `  ${later + due} pending runs stored in ${((performance.now() - began) / 1000).toFixed(1)} s`,
  )
  const layer = layerPg.pipe(
    Layer.provide(Ids.layer),
    Layer.provideMerge(clientOf(server.url(`bench_claim_${name}`))),
  )
  const runtime = ManagedRuntime.make(layer)
  const engine = await runtime.runPromise(EngineRepo)
  await runtime.runPromise(PgClient.PgClient)
  return { engine, close: () => runtime.dispose().then(database.close) }
}

/** One claim and one settlement of a batch, in milliseconds. */
const turn = async (engine: EngineRepo["Service"]) => {
  const began = performance.now()
  const runs = await Effect.runPromise(
    engine.claim({
      holder: "bench",
      limit: BATCH,
      leaseMs: 600_000,
      maxAttempts: 5,
    }),
  )
  const claimed = performance.now()
  if (runs.length !== BATCH) {
    throw new Error(`claimed ${runs.length} of ${BATCH}`)
  }
  await Effect.runPromise(engine.settle(
    runs.map((run) => ({
      _tag: "Completed" as const,
      run,
      deliverable_id: "DEL-1" as DeliverableId,
    })),
  ))
  return { claim: claimed - began, settle: performance.now() - claimed }
}

/** Measures, prints the table, and returns the figures, in milliseconds. */
export const claimCost = async (server: Server, many: number) => {
  console.log(
    `\nclaim: ${BATCH} runs through the engine's port, databases taking turns`,
  )
  const sizes = [
    { name: "few", later: 10_000, says: `10,000 later, ${DUE} due` },
    { name: "many", later: many, says: `${many} later, ${DUE} due` },
  ]
  const opened = []
  for (const size of sizes) {
    opened.push({ ...size, ...await open(server, size.name, size.later, DUE) })
  }
  const claims = opened.map(() => [] as Array<number>)
  const settles = opened.map(() => [] as Array<number>)
  for (let n = 0; n < DUE / BATCH; n++) {
    for (const [i, { engine }] of opened.entries()) {
      const { claim, settle } = await turn(engine)
      if (n < WARM_UP) continue
      claims[i]!.push(claim)
      settles[i]!.push(settle)
    }
  }
  for (const { close } of opened) await close()
  const figures = sizes.map(({ says }, i) => ({
    pending: says,
    claim_ms: spreadOf(claims[i]!),
    settle_ms: spreadOf(settles[i]!),
  }))
  const ratio = median(claims[1]!) / median(claims[0]!)
  console.log(table([
    ["pending", "claim p50", "p95", "settle p50", "p95", "claim to the first"],
    ...figures.map(({ claim_ms, pending, settle_ms }, i) => [
      pending,
      ...[claim_ms.p50, claim_ms.p95, settle_ms.p50, settle_ms.p95].map((ms) => `${ms.toFixed(2)} ms`),
      i === 0 ? "1.00 x" : `${ratio.toFixed(2)} x`,
    ]),
  ]))
  return roundedAll({
    batch: BATCH,
    claims: claims[0]!.length,
    sizes: figures,
    ratio,
  })
}
