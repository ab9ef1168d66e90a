/**
 * Goal runs a second, end to end: so many goals fall due at one instant, and the clock stops when every one has its
 * deliverable. On the real stack; prints the rate and the CPU time per run of each process.
 *
 *   node scripts/deno.js run -A bench/runs.ts [goals, default 5000] [rounds, default 3]
 */
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { hireAgent, setGoal } from "../tests/support/Customer.ts"
import { type ServiceName, startStack } from "../tests/support/Stack.ts"

const GOALS = Number(Deno.args[0] ?? 5000)
const ROUNDS = Number(Deno.args[1] ?? 3)
const SIDE_BY_SIDE = 25
const names: ReadonlyArray<ServiceName> = ["catalog", "hiring", "deliverables", "scheduler"]
/** Clock ticks a second of /proc/<pid>/stat. */
const TICKS = 100
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const median = (values: ReadonlyArray<number>) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!

/** CPU seconds of a process so far, and of those of its children that were waited for. */
const cpuOf = async (pid: number) => {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return [11, 12, 13, 14].reduce((sum, n) => sum + Number(fields[n] ?? 0), 0) / TICKS
}
const childrenOf = async (parent: number) => {
  const found: Array<number> = []
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "")
    if (Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === parent) found.push(Number(name))
  }
  return found
}

const stack = await startStack()
try {
  const hiring = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
  const goals: Array<string> = []
  const each = async <A>(items: ReadonlyArray<A>, work: (item: A) => Promise<void>) => {
    const queue = items.values()
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, async () => {
      for (const item of queue) await work(item)
    }))
  }
  const began = performance.now()
  const hires = await Promise.all(
    Array.from(
      { length: 10 },
      (_, n) =>
        hireAgent(hiring, `customer-${n}`, n % 2 === 0 ? "marketing.healthcare.v1" : "trading.delta_futures.v1"),
    ),
  )
  await each(Array.from({ length: GOALS }, (_, n) => n), async (n) => {
    const hire = hires[n % hires.length]
    const marketing = n % 2 === 0
    const goal = await setGoal(hiring, hire.customer_id, hire.hired_instance_id, {
      goal_template_id: marketing ? "marketing.daily_micro_post.v1" : "trading.guardrail_report.v1",
      frequency: "daily",
      settings: marketing ? { topic: "Flossing" } : {},
    })
    goals.push(goal.goal_instance_id)
  })
  console.log(
    `${GOALS} goals set in ${
      ((performance.now() - began) / 1000).toFixed(1)
    } s (${SIDE_BY_SIDE} requests side by side)`,
  )
  const postmaster = Number((await readFile(join(stack.home, "postgres", "postmaster.pid"), "utf8")).split("\n")[0])
  const cpu = async () =>
    ({
      ...Object.fromEntries(
        await Promise.all(names.map(async (name) => [name, await cpuOf((await stack.pids(name))[0]!)])),
      ),
      postgres: (await Promise.all([postmaster, ...await childrenOf(postmaster)].map(cpuOf))).reduce(
        (a, b) => a + b,
        0,
      ),
    }) as Promise<Record<string, number>>

  const rates: Array<number> = []
  const perRun: Array<Record<string, number>> = []
  for (let round = 0; round < ROUNDS; round++) {
    const at = Date.now() + 3000 + GOALS * 8
    const scheduled_time = new Date(at).toISOString()
    await each(goals, async (goal) => {
      await stack.call("scheduler", "POST", `/api/v1/scheduler/trigger/${goal}`, {
        as: "operator:olga",
        body: { scheduled_time },
      })
    })
    if (Date.now() > at) throw new Error("the goals were due before all were set: raise the lead")
    const before = await cpu()
    await sleep(at - Date.now())
    for (;;) {
      const [left] = await stack.sql<{ n: bigint }>("scheduler", "select count(*) as n from run_queue")
      if (left!.n === 0n) break
      await sleep(50)
    }
    // the database knows when the last run ended; our looking at it does not count
    const [ended] = await stack.sql<{ ms: number; n: bigint }>(
      "scheduler",
      `select
      (extract(epoch from max(closed_at)) * 1000 - ${at})::float8 as ms, count(*) as n
      from scheduled_goal_runs where status = 'completed' and scheduled_time = to_timestamp(${at / 1000})`,
    )
    const after = await cpu()
    const [made] = await stack.sql<{ n: bigint }>(
      "deliverables",
      `select count(*) as n from deliverables
      where scheduled_time = to_timestamp(${at / 1000})`,
    )
    if (ended!.n !== BigInt(GOALS) || made!.n !== BigInt(GOALS)) {
      throw new Error(`${ended!.n} runs, ${made!.n} deliverables`)
    }
    rates.push(GOALS / (ended!.ms / 1000))
    perRun.push(
      Object.fromEntries(Object.keys(after).map((name) => [name, (after[name]! - before[name]!) / GOALS * 1e6])),
    )
    console.log(`round ${round + 1}: ${GOALS} runs in ${(ended!.ms / 1000).toFixed(2)} s`)
  }
  console.log(`median ${median(rates).toFixed(0)} runs/s`)
  for (const name of Object.keys(perRun[0]!)) {
    console.log(`  ${name.padEnd(13)} ${median(perRun.map((row) => row[name]!)).toFixed(0)} us of CPU a run`)
  }
} finally {
  await stack.stop()
}
