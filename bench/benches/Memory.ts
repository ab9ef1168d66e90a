/** How much memory a scheduler takes that has a million runs before it, while it works on them. */
import { readFile } from "node:fs/promises"
import type { Ground } from "../../tests/proofs/Ground.ts"
import { makeGoals } from "../../tests/proofs/Ground.ts"
import { rounded, roundedAll, table } from "../Figures.ts"

const GOAL = 200
const GOALS = 20_000

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Resident megabytes of a process: now, and the most so far. */
const residentMb = async (pid: number) => {
  const status = await readFile(`/proc/${pid}/status`, "utf8")
  const mb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)![1]) / 1024
  return { now: mb("VmRSS"), most: mb("VmHWM") }
}

/** Stores runs that are due, in the past, of goals that there are; then lets the scheduler work for so many seconds. */
export const memory = async (ground: Ground, runs: number, seconds: number) => {
  const { stack, superuser } = ground
  const pid = (await stack.pids("scheduler"))[0]!
  const before = await residentMb(pid)
  const { hire } = await makeGoals(ground, "bench-memory", GOALS)
  await superuser.sql(
    "scheduler",
    `with slots as (
        select g.*, date_trunc('minute', now()) - n * interval '1 minute' as slot from projected_goals g,
          generate_series(1, ${Math.ceil(runs / GOALS)}) n where g.hired_instance_id = '${hire}' limit ${runs}),
      made as (
        insert into scheduled_goal_runs (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, scheduled_time,
          created_at, status, idempotency_key)
        select 'SCH-' || gen_random_uuid(), goal_instance_id, hired_instance_id, customer_id, slot, now(), 'pending',
          goal_instance_id || ':' || to_char(slot at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        from slots returning *)
      insert into run_queue (scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, agent_id, scheduled_time,
        serial, claimable_at, due_at, state)
      select scheduled_run_id, goal_instance_id, hired_instance_id, customer_id, 'trading.delta_futures.v1', scheduled_time,
        false, scheduled_time, scheduled_time, 'ready' from made`,
  )
  await superuser.sql("scheduler", "select pg_notify('stint_scheduler', '')")
  await sleep(seconds * 1_000)
  const { left } = await superuser.row(
    "scheduler",
    "select count(*)::int as left from run_queue",
  )
  const { most } = await residentMb(pid)
  const figures = roundedAll({
    runs,
    seconds,
    left,
    mb_before: before.now,
    mb_most: most,
    goal_mb: GOAL,
  })
  console.log(
    `\nmemory: a scheduler with ${runs} runs due, ${seconds} s later ${left} of them left`,
  )
  console.log(table([
    ["", "MiB", "goal"],
    ["before", String(rounded(before.now)), ""],
    ["the most", String(rounded(most)), `<= ${GOAL}`],
  ]))
  return figures
}
