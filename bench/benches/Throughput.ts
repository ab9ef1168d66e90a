/** Full goal runs a second: all due at one instant; ours and the peers take turns, and the medians of the rounds count. */
import { cpuOfMachine } from "../Cpu.ts"
import { median, medians, roundedAll, table } from "../Figures.ts"
import type { Ours } from "../Ours.ts"
import type { PeerProcess } from "../Peer.ts"
import type { Server } from "../Server.ts"

/** What was used between two looks at the CPU times. */
interface Used {
  /** CPU seconds of each process. */
  readonly cpu: Readonly<Record<string, number>>
  /** Cores that each of them kept busy. */
  readonly busy: Readonly<Record<string, number>>
  /** Cores that all else on the machine kept busy: the bench itself, and who else works here. */
  readonly others: number
}

/** One turn of one contender. */
interface Turn extends Used {
  /** From the first start to the last row that the database has, seconds. */
  readonly seconds: number
}

/** So many runs warm each contender up and do not count: until then its program is being compiled. */
const WARM_UP = 10_000

/** Who runs `count` jobs, and how. */
interface Contender {
  readonly name: string
  /** Where it leaves dead rows. */
  readonly databases: ReadonlyArray<string>
  turn(count: number): Promise<Turn>
}

/** How much, and on how many cores. */
export interface ThroughputOptions {
  readonly runs: number
  readonly rounds: number
  readonly cores: number
}

/** Starts to count; what comes back tells what was used since. */
const counting = async (look: () => Promise<Readonly<Record<string, number>>>): Promise<() => Promise<Used>> => {
  const [before, machine, began] = [await look(), await cpuOfMachine(), performance.now()]
  return async () => {
    const after = await look()
    const cpu = Object.fromEntries(Object.keys(after).map((name) => [name, after[name]! - before[name]!]))
    const wall = (performance.now() - began) / 1000
    const all = Object.values(cpu).reduce((sum, seconds) => sum + seconds, 0)
    return {
      cpu,
      busy: Object.fromEntries(Object.entries(cpu).map(([name, seconds]) => [name, seconds / wall])),
      others: Math.max(0, (await cpuOfMachine() - machine - all) / wall),
    }
  }
}

const stint = (ours: Ours, server: Server): Contender => ({
  name: "stint",
  databases: ["stint_scheduler", "stint_deliverables"],
  turn: async (count) => {
    const used = await counting(async () => ({ ...await ours.cpu(), postgres: await server.cpu() }))
    const { at, slot } = await ours.makeDue(count)
    await ours.idle()
    const use = await used()
    const [ended] = await ours.scheduler.query<{ n: bigint; ms: number }>(
      `select count(*) as n, (extract(epoch from max(closed_at)) * 1000)::float8 as ms
       from scheduled_goal_runs where status = 'completed' and scheduled_time = '${slot}'`,
    )
    const [made] = await ours.deliverables.query<{ n: bigint }>(
      `select count(*) as n from deliverables where scheduled_time = '${slot}'`,
    )
    if (Number(ended!.n) !== count || Number(made!.n) !== count) {
      throw new Error(
        `of ${count} runs ${ended!.n} completed, with ${made!.n} deliverables`,
      )
    }
    return { seconds: (ended!.ms - at) / 1000, ...use }
  },
})

const contenderOf = (
  peer: PeerProcess,
  server: Server,
  batched: boolean,
): Contender => ({
  name: batched ? `${peer.name}, batch INSERT` : peer.name,
  databases: [peer.of],
  turn: async (count) => {
    const stored = async () =>
      (await peer.database.query<{ n: bigint; ms: number | null }>(
        `select count(*) as n, (extract(epoch from max(updated_at)) * 1000)::float8 as ms from deliverables`,
      ))[0]!
    const already = Number((await stored()).n)
    await peer.enqueue(count, Date.now() - 1000, 0)
    const used = await counting(async () => ({ worker: await peer.cpu(), postgres: await server.cpu() }))
    const { first } = await peer.work(count, batched)
    const use = await used()
    const { ms, n } = await stored()
    if (Number(n) - already !== count) {
      throw new Error(
        `${peer.name} stored ${Number(n) - already} of ${count} drafts`,
      )
    }
    return { seconds: (ms! - first) / 1000, ...use }
  },
})

/** What was at its end: a process that is one thread, or the machine; else it was waiting. */
const limitOf = (busy: Readonly<Record<string, number>>, others: number, cores: number): string => {
  const all = Object.values(busy).reduce((sum, value) => sum + value, 0)
  const says = `${all.toFixed(1)} of ${cores} cores, others ${others.toFixed(1)}`
  const thread = Object.entries(busy).find(([name, value]) => name !== "postgres" && value >= 0.85)
  if (thread !== undefined) return `one thread, the ${thread[0]}'s (${says})`
  return all + others >= cores * 0.85 ? `the machine's CPU (${says})` : `waiting for commits, locks, turns (${says})`
}

/** As many runs of ours as warm it up. */
export const warmUp = async (ours: Ours): Promise<void> => {
  for (let runs = 0; runs < WARM_UP; runs += ours.goals.length) {
    await ours.makeDue(ours.goals.length)
    await ours.idle()
  }
}

/** Measures, prints the table, and returns the figures. */
export const throughput = async (
  ours: Ours,
  peers: ReadonlyArray<PeerProcess>,
  server: Server,
  { cores, rounds, runs }: ThroughputOptions,
) => {
  const contenders = [
    stint(ours, server),
    ...peers.flatMap((peer) =>
      peer.name === "pg-boss"
        ? [contenderOf(peer, server, false), contenderOf(peer, server, true)]
        : [contenderOf(peer, server, false)]
    ),
  ]
  const turns = new Map<string, Array<Turn>>(
    contenders.map(({ name }) => [name, []]),
  )
  const warmUps = Math.ceil(WARM_UP / runs)
  const restore = await server.sweepByHand()
  for (let round = 0; round < warmUps + rounds; round++) {
    for (const { databases, name, turn } of contenders) {
      const result = await turn(runs)
      await server.sweep(databases)
      if (round >= warmUps) turns.get(name)!.push(result)
    }
  }
  await restore()
  const figures = contenders.map(({ name }) => {
    const all = turns.get(name)!
    const perSecond = median(all.map(({ seconds }) => runs / seconds))
    const cpu_us_per_run = medians(
      all.map(({ cpu }) =>
        Object.fromEntries(
          Object.entries(cpu).map(([key, s]) => [key, s / runs * 1e6]),
        )
      ),
    )
    const cores_busy = medians(all.map(({ busy }) => busy))
    const others_busy = median(all.map(({ others }) => others))
    return {
      name,
      runs_per_second: perSecond,
      rounds: all.map(({ seconds }) => runs / seconds),
      cpu_us_per_run,
      cores_busy,
      others_busy,
      limit: limitOf(cores_busy, others_busy, cores),
    }
  })
  const own = figures[0]!.runs_per_second
  console.log(
    `\nthroughput: ${runs} runs due at one instant, median of ${rounds} rounds, taking turns`,
  )
  console.log(table([
    ["", "runs/s", "to stint", "CPU us/run", "of it Postgres", "limited by"],
    ...figures.map(({ cpu_us_per_run, limit, name, runs_per_second }) => [
      name,
      runs_per_second.toFixed(0),
      `${(runs_per_second / own).toFixed(2)} x`,
      Object.values(cpu_us_per_run).reduce((sum, us) => sum + us, 0).toFixed(0),
      cpu_us_per_run.postgres!.toFixed(0),
      limit,
    ]),
  ]))
  const services = Object.entries(figures[0]!.cpu_us_per_run).map((
    [name, us],
  ) => `${name} ${us.toFixed(0)}`)
  console.log(`  stint's CPU, us a run: ${services.join(", ")}`)
  return roundedAll({
    runs,
    rounds,
    contenders: figures,
    ratios: Object.fromEntries(
      figures.slice(1).map((
        it,
      ) => [`stint / ${it.name}`, own / it.runs_per_second]),
    ),
  })
}
