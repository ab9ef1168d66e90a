/** Lateness at a steady pace: so many runs fall due every second, evenly spread; from due to started. */
import { roundedAll, type Spread, spreadOf, table } from "../Figures.ts"
import type { Ours } from "../Ours.ts"
import type { PeerProcess } from "../Peer.ts"

/** The pace. */
const PER_SECOND = 100
const EVERY_MS = 1000 / PER_SECOND
/** How long before the first is due all of them are stored, in milliseconds. */
const LEAD_MS = 5_000

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Ours: until the claim's transaction began, and until the draft was made. */
const measureOurs = async (ours: Ours, count: number) => {
  const from = Date.now() + LEAD_MS
  const { slot } = await ours.makeDue(count, from, EVERY_MS)
  if (Date.now() > from) {
    throw new Error("the goals were due before all were stored")
  }
  await sleep(from + count * EVERY_MS - Date.now())
  await ours.idle()
  const due = new Map(
    ours.goals.slice(0, count).map((goal, n) => [goal, from + n * EVERY_MS]),
  )
  const latenessOf = (
    rows: ReadonlyArray<{ goal_instance_id: string; ms: number }>,
  ) => {
    if (rows.length !== count) {
      throw new Error(`${rows.length} of ${count} runs started`)
    }
    return rows.map(({ goal_instance_id, ms }) => ms - due.get(goal_instance_id)!)
  }
  const claimed = await ours.scheduler.query<
    { goal_instance_id: string; ms: number }
  >(
    `select g.goal_instance_id, (extract(epoch from g.started_at) * 1000)::float8 as ms
     from goal_runs g join scheduled_goal_runs r using (scheduled_run_id) where r.scheduled_time = '${slot}'`,
  )
  const made = await ours.deliverables.query<
    { goal_instance_id: string; ms: number }
  >(
    `select goal_instance_id, (extract(epoch from created_at) * 1000)::float8 as ms
     from deliverables where scheduled_time = '${slot}'`,
  )
  return { claimed: latenessOf(claimed), made: latenessOf(made) }
}

/** A peer: until its handler was called. */
const measurePeer = async (peer: PeerProcess, count: number) => {
  const from = Date.now() + LEAD_MS
  await peer.enqueue(count, from, EVERY_MS)
  if (Date.now() > from) {
    throw new Error("the jobs were due before all were stored")
  }
  return (await peer.work(count)).lateness
}

/** Measures, prints the table, and returns the figures, in milliseconds. */
export const lateness = async (
  ours: Ours,
  peers: ReadonlyArray<PeerProcess>,
  seconds: number,
) => {
  const count = seconds * PER_SECOND
  const own = await measureOurs(ours, count)
  // the peers poll every 2 s and hardly use the machine, so they don't get in each other's way
  const others = await Promise.all(
    peers.map(async (peer) => [peer.name, await measurePeer(peer, count)] as const),
  )
  const figures: ReadonlyArray<readonly [string, Spread]> = [
    ["stint, until claimed", spreadOf(own.claimed)],
    ["stint, until its draft is made", spreadOf(own.made)],
    ...others.map(([name, values]) => [`${name}, until its handler is called`, spreadOf(values)] as const),
  ]
  const against = figures[1]![1]
  console.log(
    `\nlateness: ${PER_SECOND} runs a second for ${seconds} s, each due 10 ms after the one before; ms from due`,
  )
  console.log(table([
    ["", "p50", "p95", "p99", "max", "p50 to stint's draft"],
    ...figures.map(([name, { max, p50, p95, p99 }]) => [
      name,
      ...[p50, p95, p99, max].map((ms) => ms.toFixed(1)),
      `${(p50 / against.p50).toFixed(1)} x`,
    ]),
  ]))
  return roundedAll({
    per_second: PER_SECOND,
    seconds,
    ms: Object.fromEntries(figures),
    ratios: Object.fromEntries(
      figures.slice(2).map(([name, { p50, p99 }]) => [
        `${name} / stint's draft`,
        { p50: p50 / against.p50, p99: p99 / against.p99 },
      ]),
    ),
  })
}
