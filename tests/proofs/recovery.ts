/**
 * kill -9 of each service and of Postgres while goals are due and customers write; a scheduler that dies while it plans;
 * a feed that is lost.
 *
 * Would catch: an answer before its commit, an occurrence that only the process knew that planned it, a run that stays
 * held for ever, a finished run that a restart runs again, a projection that can't be rebuilt.
 */
import { farSchedule } from "../support/FarTimes.ts"
import { type ServiceName } from "../support/Stack.ts"
import { standStill } from "../support/StandStill.ts"
import {
  drained,
  exactlyOnce,
  fallDue,
  fleetOn,
  freshSlot,
  type Goals,
  type Ground,
  makeGoals,
  outcomeOf,
  standOn,
} from "./Ground.ts"
import { type Attack, judge, type Proof, randomOf, sleep, until } from "./Proof.ts"

type Judge = ReturnType<typeof judge>

/** A goal that falls due by itself at no time of the attack. */
const later = () => ({
  goal_template_id: "trading.guardrail_report.v1",
  frequency: "monthly",
  settings: { schedule: farSchedule() },
})

/** What a service is killed this long after the goals fell due, at most, in milliseconds. */
const WITHIN = 120
const victims: ReadonlyArray<ServiceName | "postgres"> = ["scheduler", "deliverables", "hiring", "catalog", "postgres"]

/** A retry waits for minutes after a charged attempt; its wait is not what is attacked, so it is cut short. */
const hurry = ({ superuser }: Ground) =>
  superuser.sql(
    "scheduler",
    "update run_queue set claimable_at = now() where holder is null and attempt > 0 and claimable_at > now()",
  ).then(() => superuser.sql("scheduler", "select pg_notify('stint_scheduler', '')")).catch(() => undefined)

const finished = async (ground: Ground): Promise<void> => {
  let over = false
  const hurrying = (async () => {
    for (; !over; await sleep(250)) await hurry(ground)
  })()
  await drained(ground).finally(() => over = true)
  await hurrying
}

/** A customer who sets one goal after the other, until told to stop; the ids of those that were acknowledged. */
const writing = ({ stack }: Ground, { customer, hire }: Goals) => {
  let over = false
  const acknowledged = (async () => {
    const ids: Array<string> = []
    for (; !over; await sleep(5)) {
      const answer = await stack.call("hiring", "PUT", `/api/v1/hired-agents/${hire}/goals`, {
        as: `customer:${customer}`,
        body: later(),
      }).catch(() => undefined)
      if (answer !== undefined && answer.status < 300) ids.push(answer.json.goal_instance_id)
    }
    return ids
  })()
  return () => {
    over = true
    return acknowledged
  }
}

const killEach = async (
  ground: Ground,
  goals: Goals,
  { full, say }: Attack,
  random: () => number,
  { is, that }: Judge,
) => {
  const { stack, superuser } = ground
  const writer = await makeGoals(ground, "writer", 1)
  let acknowledged = 0
  for (let round = 0; round < (full ? 3 : 1); round++) {
    for (const victim of victims) {
      for (const service of ["catalog", "hiring", "deliverables", "scheduler"] as const) await stack.isReady(service)
      const slot = freshSlot()
      const stop = writing(ground, writer)
      await fallDue(ground, goals, slot)
      await sleep(random() * WITHIN)
      if (victim === "postgres") await stack.killPostgres()
      else await stack.kill(victim)
      await sleep(300)
      await finished(ground)
      exactlyOnce(await outcomeOf(ground, [slot]), goals.count, {
        is: (what, ...rest) => is(`${victim} killed: ${what}`, ...rest),
        that,
      })
      const written = await stop()
      acknowledged += written.length
      const { kept } = await superuser.row(
        "hiring",
        `select count(*)::int as kept from goal_instances where goal_instance_id = any('{${written.join()}}')`,
      )
      is(`${victim} killed: acknowledged goals that are there`, kept, written.length)
      say(`${victim} killed: ${goals.count} runs, ${kept} acknowledged goals`)
    }
  }
  return acknowledged
}

/** All of the feed's past is lost, with a goal made and one deleted in it, and so is half of what was projected. */
const loseFeed = async ({ stack, superuser }: Ground, { customer, hire }: Goals, { is, that }: Judge) => {
  const as = `customer:${customer}` as const
  const path = `/api/v1/hired-agents/${hire}/goals`
  await standStill(superuser, "stint_scheduler", (signal) => stack.kill("scheduler", signal))
  const made = await stack.call("hiring", "PUT", path, { as, body: later() })
  is("a goal made", made.status, 201)
  const [gone] = await superuser.sql(
    "hiring",
    `select goal_instance_id as id from goal_instances
    where hired_instance_id = '${hire}' and goal_instance_id <> '${made.json.goal_instance_id}' limit 1`,
  )
  const deleted = await stack.call("hiring", "DELETE", `${path}/${gone.id}`, { as })
  that(deleted.status < 300, `a goal deleted: ${deleted.status}`)
  // the table first: this and whoever places changes in order would else lock rows in two orders, and wait for each other
  await superuser.sql("hiring", "do $$ begin lock table hiring_outbox; delete from hiring_outbox; end $$")
  await superuser.sql(
    "scheduler",
    "delete from projected_goals where goal_instance_id in (select goal_instance_id from projected_goals limit 100)",
  )
  await superuser.sql("scheduler", "update feed_cursor set cursor = '1.0'")
  await stack.kill("scheduler")
  const digest = "md5(string_agg(goal_instance_id, ',' order by goal_instance_id)) as ids from"
  const known = async () => (await superuser.row("scheduler", `select ${digest} projected_goals`)).ids
  const { ids } = await superuser.row("hiring", `select ${digest} goal_instances`)
  await until("the projection is what hiring has", async () => await known() === ids)
  const { n } = await superuser.row(
    "scheduler",
    "select count(*)::int as n from projected_goals where next_slot is null",
  )
  is("goals without a next slot", n, 0)
}

/**
 * Waits until a scheduler that starts has derived again when all these goals fall due: it locks each for that, and a locked or
 * written row names the transaction. What a proof writes into their rows before is not what their history says.
 */
const isDerived = ({ superuser }: Ground, { hire }: Goals, since: string) =>
  until("the goals are derived again", async () =>
    (await superuser.row(
      "scheduler",
      `select count(*)::int as n from projected_goals where hired_instance_id = '${hire}'
        and greatest(xmin::text::bigint, xmax::text::bigint) < ${since}`,
    )).n === 0)

/** Two schedulers, one of which dies at the instant for which it had planned, or just before, or just after. */
const killPlanner = async (ground: Ground, goals: Goals, attack: Attack, random: () => number, { is, that }: Judge) => {
  const fleet = await fleetOn(ground, attack)
  const start = async (number: number) => {
    const { xid } = await ground.superuser.row("scheduler", "select pg_current_xact_id()::text as xid")
    const scheduler = await fleet.start(number)
    await scheduler.isReady()
    await isDerived(ground, goals, xid)
    return scheduler
  }
  const other = await start(2)
  const rounds = attack.full ? 10 : 2
  for (let round = 0; round < rounds; round++) {
    const planner = await start(1)
    // alone with what it knows: the other stands still until the instant has passed
    await standStill(ground.superuser, other.role, other.signal)
    const slot = freshSlot()
    await fallDue(ground, goals, slot, { due: "now() + interval '400 ms'" })
    await sleep(400 + (round % 2 === 0 ? -100 : random() * 60))
    planner.signal("SIGKILL")
    await planner.ended
    await sleep(200)
    other.signal("SIGCONT")
    await drained(ground)
    exactlyOnce(await outcomeOf(ground, [slot]), goals.count, {
      is: (what, ...rest) => is(`planner dead: ${what}`, ...rest),
      that,
    })
    attack.say(`a planner died ${round % 2 === 0 ? "before" : "at"} the instant: ${goals.count} runs`)
  }
  return rounds
}

export const recovery: Proof = {
  name: "recovery",
  promise: "What was acknowledged survives kill -9 of any service and of Postgres, and every due slot still runs once.",
  attacks:
    "Each service and Postgres killed while goals are due and customers write (full: three times each); the feed " +
    "and half of the projection lost; a scheduler killed at the instant for which it planned. The wait before a retry is cut short.",
  seconds: { quick: 32, full: 74 },
  attack: async (attack) => {
    const random = randomOf(attack.seed)
    const judged = judge()
    const ground = await standOn(attack)
    const goals = await makeGoals(ground, "acme", attack.full ? 1_000 : 200)
    const acknowledged = await killEach(ground, goals, attack, random, judged)
    judged.that(acknowledged > 0, "nothing was acknowledged while it was attacked")
    const allReady = async () => {
      for (const service of ["catalog", "hiring", "deliverables", "scheduler"] as const) {
        await ground.stack.isReady(service)
      }
    }
    await allReady()
    await loseFeed(ground, goals, judged)
    attack.say("the projection was rebuilt from hiring")
    await allReady()
    const planners = await killPlanner(ground, goals, attack, random, judged)
    return {
      figures: {
        goals: goals.count,
        killed: victims.length * (attack.full ? 3 : 1),
        acknowledged,
        planners_killed: planners,
      },
      violations: judged.violations,
    }
  },
}
