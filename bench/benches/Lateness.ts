/** Lateness at steady paces: so many runs fall due every second, evenly spread; from due to started. */
import { roundedAll, type Spread, spreadOf, table } from "../Figures.ts"
import type { Ours } from "../Ours.ts"
import type { PeerProcess } from "../Peer.ts"

/** The paces, runs a second. The peers are measured at the middle one. */
export const PACES = [1, 100, 500]
const PER_SECOND = 100
/** At the middle pace, p99 in milliseconds. */
const GOALS = { claimed: 20, made: 50 }
/** How long before the first is due all of them are stored, in milliseconds. */
const LEAD_MS = 5_000

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Ours: until the claim's transaction began, and until the draft was made. */
const measureOurs = async (ours: Ours, count: number, everyMs: number) => {
  const from = Date.now() + LEAD_MS
  const { slot } = await ours.makeDue(count, from, everyMs)
  if (Date.now() > from) {
    throw new Error("the goals were due before all were stored")
  }
  await sleep(from + count * everyMs - Date.now())
  await ours.idle()
  const due = new Map(
    ours.goals.slice(0, count).map((goal, n) => [goal, from + n * everyMs]),
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
  await peer.enqueue(count, from, 1000 / PER_SECOND)
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
  const paces = []
  for (const pace of PACES) {
    // a goal runs once: at the highest pace there are fewer seconds
    const count = Math.min(seconds * pace, ours.goals.length)
    paces.push({ pace, count, ...await measureOurs(ours, count, 1000 / pace) })
  }
  const own = paces.find(({ pace }) => pace === PER_SECOND)!
  const count = own.count
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
  console.log(
    `  goals, p99: claimed <= ${GOALS.claimed}, draft made <= ${GOALS.made}`,
  )
  console.log(table([
    ["", "p50", "p95", "p99", "max", "p50 to stint's draft"],
    ...figures.map(([name, { max, p50, p95, p99 }]) => [
      name,
      ...[p50, p95, p99, max].map((ms) => ms.toFixed(1)),
      `${(p50 / against.p50).toFixed(1)} x`,
    ]),
  ]))
  console.log("  stint at each pace:")
  console.log(table([
    ["runs/s", "runs", "claimed p50", "p99", "draft p50", "p99"],
    ...paces.map(({ claimed, count, made, pace }) => [
      String(pace),
      String(count),
      ...[spreadOf(claimed), spreadOf(made)].flatMap((
        { p50, p99 },
      ) => [p50, p99]).map((ms) => ms.toFixed(1)),
    ]),
  ]))
  return roundedAll({
    per_second: PER_SECOND,
    goals_p99_ms: GOALS,
    paces: paces.map(({ claimed, count, made, pace }) => ({
      per_second: pace,
      runs: count,
      claimed_ms: spreadOf(claimed),
      made_ms: spreadOf(made),
    })),
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
