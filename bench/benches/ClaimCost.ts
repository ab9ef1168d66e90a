/** What one claim costs by how many runs are pending: through the queue's verbs, on databases of its own. */
import type { DeliverableId } from "@stint/domain/Ids"
import { Ids } from "@stint/edge/Ids"
import { Queue } from "@stint/scheduler/Queue"
import { Effect, Layer, ManagedRuntime } from "effect"
import { median, roundedAll, spreadOf, table } from "../Figures.ts"
import { createWithTables } from "../Peer.ts"
import { clientOf, type Connection, type Server } from "../Server.ts"

/** What the engine takes at once. */
const BATCH = 200
const CLAIMS = 40
/** At a million pending, p99. */
const GOAL_MS = 50
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
  const insert = async (
    name: string,
    count: number,
    at: string,
    state: "timed" | "ready",
  ) => {
    await database.query(`
      insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
        created_at, status, idempotency_key)
      select 'SCH-' || id, 'GOI-' || id, 'HAI-' || n % ${CUSTOMERS}, 'customer-' || n % ${CUSTOMERS}, ${at}, now(), 'pending',
        'GOI-' || id || ':' || to_char(${at}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
      from generate_series(1, ${count}) n, lateral (select '${name}-' || to_char(n, 'FM000000000') as id) i`)
    await database.query(`
      insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id, scheduled_time,
        serial, claimable_at, due_at, state)
      select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, 'marketing.healthcare.v1', scheduled_time,
        false, scheduled_time, scheduled_time, '${state}'
      from scheduled_goal_runs where scheduled_run_id like 'SCH-${name}-%' order by scheduled_run_id`)
  }
  await database.query("set session_replication_role = replica")
  await insert(
    "later",
    later,
    "now() + n * interval '1 ms' + interval '1 hour'",
    "timed",
  )
  // ready, as the engine stores a run that is due
  await insert("due", due, "now() - n * interval '1 ms'", "ready")
  await database.query("vacuum analyze run_queue")
  await database.query("vacuum analyze scheduled_goal_runs")
}

/** A database with pending runs, and the queue over it. */
const open = async (server: Server, { due, later }: Size) => {
  const name = `bench_claim_${later}_${due}`
  const database = await createWithTables(server, name, "scheduler")
  const began = performance.now()
  await fill(database, later, due)
  console.log(
    `  ${later + due} pending runs stored in ${((performance.now() - began) / 1000).toFixed(1)} s`,
  )
  const runtime = ManagedRuntime.make(
    Queue.layer.pipe(
      Layer.provide(Ids.layer),
      Layer.provide(clientOf(server.url(name))),
    ),
  )
  const queue = await runtime.runPromise(Queue)
  const pin = await server.connect(name)
  return {
    database,
    pin,
    queue,
    close: () => runtime.dispose().then(pin.close).then(database.close),
  }
}

/** One claim of a batch and one completion of it, in milliseconds. */
const turn = async (queue: Queue["Service"]) => {
  const began = performance.now()
  const { runs } = await Effect.runPromise(
    queue.claim({
      holder: "bench",
      limit: BATCH,
      leaseMs: 600_000,
      maxAttempts: 5,
      retriesPerSecond: 100,
      poison: "take",
    }),
  )
  const claimed = performance.now()
  if (runs.length !== BATCH) {
    throw new Error(`claimed ${runs.length} of ${BATCH}`)
  }
  await Effect.runPromise(queue.writeOutcomes(
    runs.map((run) => ({
      _tag: "Completed" as const,
      run,
      deliverable_id: "DEL-1" as DeliverableId,
    })),
  ))
  return { claim: claimed - began, complete: performance.now() - claimed }
}

/** Stores so many runs again, due as the others were. */
const refill = (database: Connection, round: number) =>
  database.query(`
    with made as (
      insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
        created_at, status, idempotency_key)
      select 'SCH-' || id, 'GOI-' || id, 'HAI-' || n % ${CUSTOMERS}, 'customer-' || n % ${CUSTOMERS}, now(), now(), 'pending',
        'GOI-' || id || ':' || to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
      from generate_series(1, ${BATCH}) n, lateral (select 'again-${round}-' || n as id) i returning *)
    insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id, scheduled_time,
      serial, claimable_at, due_at, state)
    select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, 'marketing.healthcare.v1', scheduled_time,
      false, scheduled_time, scheduled_time, 'ready' from made`)

/**
 * Claims and completions for so many seconds while a transaction elsewhere holds its snapshot, so that no dead row goes: what
 * the last tenth of the claims takes beside the first.
 */
const whilePinned = async (
  { database, pin, queue }: Pick<
    Awaited<ReturnType<typeof open>>,
    "database" | "pin" | "queue"
  >,
  seconds: number,
) => {
  await pin.query("begin isolation level repeatable read")
  await pin.query("select count(*) from run_queue where false")
  const times: Array<number> = []
  const end = performance.now() + seconds * 1_000
  while (performance.now() < end || times.length < 100) {
    // first, since the claims before took all that was due
    await refill(database, times.length)
    times.push((await turn(queue)).claim)
  }
  await pin.query("rollback")
  const tenth = Math.ceil(times.length / 10)
  return {
    seconds,
    runs: times.length * BATCH,
    first_tenth_ms: spreadOf(times.slice(0, tenth)),
    last_tenth_ms: spreadOf(times.slice(-tenth)),
  }
}

/** Measures, prints the table, and returns the figures, in milliseconds. */
export const claimCost = async (
  server: Server,
  sizes: ReadonlyArray<Size>,
  pinnedSeconds: number,
) => {
  console.log(
    `\nclaim: ${BATCH} runs of ${CUSTOMERS} customers through the queue's verbs, databases taking turns`,
  )
  const opened = []
  for (const size of sizes) opened.push(await open(server, size))
  const times = sizes.map(() => ({
    claim: [] as Array<number>,
    complete: [] as Array<number>,
  }))
  for (let n = -WARM_UP; n < CLAIMS; n++) {
    for (const [i, { queue }] of opened.entries()) {
      const { claim, complete } = await turn(queue)
      if (n < 0) continue
      times[i]!.claim.push(claim)
      times[i]!.complete.push(complete)
    }
  }
  const pinned = await whilePinned(opened[0]!, pinnedSeconds)
  for (const { close } of opened) await close()
  const figures = sizes.map((size, i) => ({
    ...size,
    claim_ms: spreadOf(times[i]!.claim),
    complete_ms: spreadOf(times[i]!.complete),
    ratio: median(times[i]!.claim) / median(times[0]!.claim),
  }))
  console.log(table([
    [
      "pending",
      "claim p50",
      "p95",
      "p99",
      "to the first",
      "complete p50",
      "p95",
    ],
    ...figures.map(({ claim_ms, complete_ms, due, later, ratio }) => [
      `${due} due, ${later} for later`,
      `${claim_ms.p50.toFixed(2)} ms`,
      `${claim_ms.p95.toFixed(2)} ms`,
      `${claim_ms.p99.toFixed(2)} ms`,
      `${ratio.toFixed(2)} x`,
      `${complete_ms.p50.toFixed(2)} ms`,
      `${complete_ms.p95.toFixed(2)} ms`,
    ]),
  ]))
  console.log(`  goal: p99 <= ${GOAL_MS} ms at a million pending`)
  console.log(
    `  while a transaction elsewhere held its snapshot for ${pinned.runs} runs: claim p99 ${
      pinned.first_tenth_ms.p99.toFixed(2)
    } ms in the first tenth, ${pinned.last_tenth_ms.p99.toFixed(2)} ms in the last`,
  )
  return roundedAll({
    batch: BATCH,
    claims: CLAIMS,
    goal_p99_ms: GOAL_MS,
    sizes: figures,
    pinned,
  })
}
