/**
 * Many slow makings at once, all held until every pure run beside them has its draft.
 *
 * Would catch: a making that holds a permit, a lease, a connection or a transaction; pure runs that wait behind slow ones; memory that
 * grows with the makings.
 */
import { readFile } from "node:fs/promises"
import { UNHURRIED } from "../support/Unhurried.ts"
import { exactlyOnce, fallDue, freshSlot, type Goals, type Ground, makeGoals, outcomeOf, standOn } from "./Ground.ts"
import { digestDefinitionOf } from "./making/definition.ts"
import { type Attack, judge, type Proof, until } from "./Proof.ts"

/** How many MiB the memory of a service may grow by while it has the makings. */
const GROWTH = 150

/**
 * How much later than without makings the pure runs may be beside them, as the ratio of their p99, and how many milliseconds do not
 * count. The full form judges it; of the quick one's 200 runs p99 is that of the third latest, which says nothing of us.
 */
const LATER = { ratio: 1.25, slack: 25 }

/** A maker that holds every request until it is opened. */
const holdMaker = ({ defer }: Attack) => {
  const gate = Promise.withResolvers<void>()
  let held = 0
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { data } = await request.json() as { readonly data: { readonly idempotency_key: string } }
    held++
    await gate.promise
    return Response.json({ title: "A digest", fields: { summary: `of ${data.idempotency_key}` } })
  })
  defer(async () => {
    gate.resolve()
    await server.shutdown()
  })
  return { port: server.addr.port, held: () => held, open: gate.resolve }
}

/** The resident memory of a service, in MiB. */
const memoryOf = async ({ stack }: Ground, service: "deliverables" | "scheduler"): Promise<number> => {
  const [pid] = await stack.pids(service)
  const [, kib] = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, "utf8"))!
  return Math.round(Number(kib) / 1024)
}

/** Pure goals that fall due over some seconds; how late their drafts were, p99 in milliseconds, once all have theirs. */
const pureRuns = async (ground: Ground, goals: Goals, seconds: number): Promise<{ slot: string; p99: number }> => {
  const slot = freshSlot()
  await fallDue(ground, goals, slot, { due: `now() + interval '1 second' + random() * interval '${seconds} seconds'` })
  // before the first falls due, when each does
  await ground.superuser.sql("scheduler", "drop table if exists pg_temp.due")
  await ground.superuser.sql(
    "scheduler",
    `create temp table due as select goal_instance_id, due_at from projected_goals
      where hired_instance_id = '${goals.hire}' and due_at < now() + interval '10 minutes'`,
  )
  const read = () =>
    ground.superuser.row(
      "scheduler",
      `select count(*)::int as n, percentile_cont(0.99) within group (order by
          extract(epoch from r.completed_at - d.due_at) * 1000)::float8 as p99
        from scheduled_goal_runs r left join pg_temp.due d using (goal_instance_id)
        where r.scheduled_time = '${slot}' and r.status = 'completed'`,
    )
  await until("every pure run has its draft", async () => (await read()).n === goals.count)
  return { slot, p99: Math.round((await read()).p99) }
}

/** How many sessions of the two services are in a transaction, or at a statement, for more than a second. */
const holding = async ({ superuser }: Ground): Promise<number> =>
  (await superuser.row(
    "postgres",
    `select count(*)::int as n from pg_stat_activity where datname in ('stint_deliverables', 'stint_scheduler')
      and state <> 'idle' and xact_start < now() - interval '1 second' and pid <> pg_backend_pid()`,
  )).n

export const slow: Proof = {
  name: "slow",
  promise: "Slow makings hold nothing: pure runs beside them wait for none of them.",
  attacks: "100 makings held until 200 pure runs beside them have their drafts (full: 1,000 and 6,000, over a minute).",
  seconds: { quick: 30, full: 220 },
  attack: async (attack) => {
    const { is, that, violations } = judge()
    const count = attack.full ? 1_000 : 100
    const seconds = attack.full ? 60 : 2
    const maker = holdMaker(attack)
    const ground = await standOn(attack, {
      STINT_MAKER_HOSTS: `127.0.0.1:${maker.port}`,
      STINT_BOUNDS: `${UNHURRIED},makings_per_host=1000`,
    })
    const pure = await makeGoals(ground, "acme", attack.full ? 6_000 : 200)
    await ground.stack.call("catalog", "POST", "/api/v1/agent-types", {
      as: "operator:olga",
      body: digestDefinitionOf(maker.port, 3600),
    })
    const made = await makeGoals(ground, "globex", count, { goal_template_id: "digest.proof", settings: {} }, {
      agent_id: "digest.proof.v1",
      config: { name: "Dana" },
    })
    await pureRuns(ground, pure, 1)
    const before = await pureRuns(ground, pure, seconds)
    const memory = {
      deliverables: await memoryOf(ground, "deliverables"),
      scheduler: await memoryOf(ground, "scheduler"),
    }
    const slot = freshSlot()
    await fallDue(ground, made, slot)
    await until(`${count} are being made`, () => Promise.resolve(maker.held() === count))
    attack.say(`${count} makings are held`)
    const meanwhile = await pureRuns(ground, pure, seconds)
    is("sessions that hold a transaction while makers work", await holding(ground), 0)
    for (const service of ["deliverables", "scheduler"] as const) {
      const grown = await memoryOf(ground, service) - memory[service]
      that(grown <= GROWTH, `${service} has ${grown} MiB more while ${count} drafts are made`)
      memory[service] = grown
    }
    is("makings that ended before the gate was open", maker.held() - count, 0)
    maker.open()
    await until("every draft is there", async () => {
      await ground.superuser.sql(
        "scheduler",
        "update run_makings set next_look_at = least(next_look_at, now() + interval '1 second')",
      )
      return (await outcomeOf(ground, [slot])).completed === count
    })
    exactlyOnce(await outcomeOf(ground, [slot]), count, { is, that })
    const after = await pureRuns(ground, pure, seconds)
    // the machine may have been slower or faster meanwhile: before and after tell by how much
    const without = Math.max(before.p99, after.p99)
    that(
      !attack.full || meanwhile.p99 <= without * LATER.ratio + LATER.slack,
      `beside ${count} makings the p99 of pure runs is ${meanwhile.p99} ms, without them ${before.p99} and ${after.p99}`,
    )
    return {
      figures: {
        makings: count,
        pure_runs: pure.count,
        p99_ms_before: before.p99,
        p99_ms_meanwhile: meanwhile.p99,
        p99_ms_after: after.p99,
        p99_ratio: Number((meanwhile.p99 / without).toFixed(2)),
        grown_mib_deliverables: memory.deliverables,
        grown_mib_scheduler: memory.scheduler,
      },
      violations,
    }
  },
}
