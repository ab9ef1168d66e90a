/** What a proof stands on: a stack, of its own or shared, a fleet of schedulers, goals, and how to make them fall due. */
import { CHANNEL } from "@stint/hiring/Outbox/Repo"
import { hireAgent, setGoal } from "../support/Customer.ts"
import { farSchedule } from "../support/FarTimes.ts"
import { type Fleet, openFleet, sleepOwnScheduler } from "../support/Fleet.ts"
import { type Stack, startStack } from "../support/Stack.ts"
import { openSuperuser, type Superuser } from "../support/Superuser.ts"
import { type Attack, until } from "./Proof.ts"

const MINUTE = 60_000

/** A stack, and the superuser's hand on its databases. Both end with the attack. */
export interface Ground {
  readonly stack: Stack
  readonly superuser: Superuser
}

/** What is needed to make goals, make them fall due, and see what came of it. */
export interface Site {
  readonly stack: Pick<Stack, "call">
  readonly superuser: Pick<Superuser, "row" | "sql">
}

/** Starts the stack; or waits until all is up on the one that the proof shares. */
export const standOn = async ({ defer, say, shared }: Attack, env: Record<string, string> = {}): Promise<Ground> => {
  if (shared !== undefined) {
    for (const service of ["catalog", "hiring", "deliverables", "scheduler"] as const) {
      await shared.stack.isReady(service)
    }
    return shared
  }
  const starting = startStack(env)
  defer(async () => await (await starting.catch(() => undefined))?.stop())
  const stack = await starting
  const superuser = await openSuperuser(stack.home)
  defer(() => superuser.close())
  say(`a stack on port ${stack.base + 1} and up`)
  return { stack, superuser }
}

/** The fleet of a ground, whose schedulers are the only ones from now on. */
export const fleetOn = async ({ stack, superuser }: Ground, { defer }: Attack): Promise<Fleet> => {
  const asleep = await sleepOwnScheduler(stack, superuser)
  defer(asleep.end)
  const fleet = await openFleet(stack, superuser)
  defer(fleet.stop)
  return fleet
}

/** A customer with a hire and goals. */
export interface Goals {
  readonly customer: string
  readonly hire: string
  readonly count: number
}

/** Drafts that act on nothing, and that act on the world. */
const report = { goal_template_id: "trading.guardrail_report.v1", settings: {} }
export const order = {
  goal_template_id: "trading.trade_intent_draft.v1",
  settings: { coin: "BTC", side: "buy", units: 2 },
}

/**
 * Goals of a customer. The hire and its first goal come through hiring's API; the others are copies of that goal and of
 * its outbox row, made by SQL in one transaction (the API takes 3 ms a goal), and reach the scheduler as every change does.
 * They fall due when `fallDue` says so, and not by themselves within these weeks.
 */
export const makeGoals = async (
  { stack, superuser }: Site,
  customer: string,
  count: number,
  template: { readonly goal_template_id: string; readonly settings: Record<string, unknown> } = report,
  agent: { readonly agent_id: string; readonly config?: Record<string, unknown> } = {
    agent_id: "trading.delta_futures.v1",
  },
): Promise<Goals> => {
  const hiring = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
  const hire: string = (await hireAgent(hiring, customer, agent.agent_id, {}, agent.config)).hired_instance_id
  return await makeGoalsOf({ stack, superuser }, customer, hire, count, template)
}

/** The same for a hire that is there. */
export const makeGoalsOf = async (
  { stack, superuser }: Site,
  customer: string,
  hire: string,
  count: number,
  template: { readonly goal_template_id: string; readonly settings: Record<string, unknown> },
): Promise<Goals> => {
  const hiring = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
  const goal = { ...template, frequency: "monthly", settings: { ...template.settings, schedule: farSchedule() } }
  const first: string = (await setGoal(hiring, customer, hire, goal)).goal_instance_id
  await superuser.sql(
    "hiring",
    `with made as (
        insert into goal_instances select copy.* from goal_instances g, generate_series(2, ${count}) n,
          lateral jsonb_populate_record(g, jsonb_build_object('goal_instance_id', 'GOI-' || n || gen_random_uuid())) copy
        where g.goal_instance_id = '${first}'
        returning goal_instance_id)
      insert into hiring_outbox (kind, payload)
      select o.kind, o.payload || to_jsonb(made) from made, (select kind, payload from hiring_outbox
        where kind = 'goal' and payload->>'goal_instance_id' = '${first}' order by xid desc, seq desc limit 1) o`,
  )
  await superuser.sql("hiring", `select pg_notify('${CHANNEL}', '')`)
  const goals = { customer, hire, count }
  await until(`${count} goals are projected`, async () => await projected({ stack, superuser }, goals) === count)
  return goals
}

/** How many of the goals the scheduler knows. */
export const projected = async ({ superuser }: Site, { hire }: Goals): Promise<number> =>
  Number(
    (await superuser.row(
      "scheduler",
      `select count(*) as n from projected_goals where hired_instance_id = '${hire}'`,
    )).n,
  )

let last = Math.floor(Date.now() / MINUTE) * MINUTE

/** A minute of the past day that no slot had yet, as text; each call one minute earlier. Twenty hours of them. */
export const freshSlot = (): string => {
  last -= MINUTE
  return new Date(last).toISOString()
}

/**
 * Makes goals fall due, all at once: their rule becomes that minute of every day, their next slot the one of `slot`, which
 * is past. The engine itself makes the runs of it. `limit` takes so many of them alone; `due` (SQL) is when they start if
 * not at once, as a spread has it.
 */
export const fallDue = async (
  { superuser }: Site,
  { count, hire }: Goals,
  slot: string,
  { due = `'${slot}'`, limit = count }: { readonly due?: string; readonly limit?: number } = {},
): Promise<void> => {
  const schedule = JSON.stringify({ at: slot.slice(11, 16), timezone: "UTC", overlap: "parallel" })
  const { known } = await superuser.row(
    "scheduler",
    `select exists (select from information_schema.columns
      where table_name = 'projected_goals' and column_name = 'decided_until') as known`,
  )
  // the schema of 0.2.0 does not know how far a goal is decided
  const standing = known
    ? `, decided_until = timestamptz '${slot}' - interval '1 millisecond', replan_until = null`
    : ""
  await superuser.sql(
    "scheduler",
    `update projected_goals set frequency = 'daily', schedule = '${schedule}', next_slot = '${slot}', due_at = ${due}${standing}
      where goal_instance_id in (select goal_instance_id from projected_goals where hired_instance_id = '${hire}'
        order by goal_instance_id limit ${limit} for update)`,
  )
  await superuser.sql("scheduler", "select pg_notify('stint_scheduler', '')")
}

/** Whether nothing is due that the engine has not decided over. */
export const decided = async ({ superuser }: Site): Promise<boolean> =>
  (await superuser.row(
    "scheduler",
    "select not exists (select from projected_goals where due_at <= now()) as done",
  )).done

/** Waits until nothing is due and nothing is left in the queue. */
export const drained = (ground: Site, within = 150_000): Promise<void> =>
  until(
    "nothing is due or left in the queue",
    async () =>
      (await ground.superuser.row(
        "scheduler",
        "select not exists (select from run_queue) and not exists (select from projected_goals where due_at <= now()) as done",
      )).done,
    within,
  )

/** The outcome of a slot of many goals, in both databases. */
export interface Outcome {
  /** Runs of the slot, the goals that they are of, those completed, the deliverables that they name. */
  readonly runs: number
  readonly goals: number
  readonly completed: number
  readonly named: number
  /** Deliverables of the slot, the goals that they are of. */
  readonly deliverables: number
  readonly delivered: number
  /** Whether both databases name the same deliverables. */
  readonly same: boolean
  /** Open dead letters. */
  readonly dead: number
}

/** Reads the outcome of slots. */
export const outcomeOf = async ({ superuser }: Site, slots: ReadonlyArray<string>): Promise<Outcome> => {
  const of = `scheduled_time = any('{${slots.join()}}'::timestamptz[])`
  const ids = "md5(coalesce(string_agg(deliverable_id, ',' order by deliverable_id), ''))"
  const ran = await superuser.row(
    "scheduler",
    `select count(*)::int as runs, count(distinct r.goal_instance_id)::int as goals,
        count(*) filter (where r.status = 'completed' and g.status = 'completed')::int as completed,
        count(distinct g.deliverable_id)::int as named, ${ids} as ids,
        (select count(*)::int from scheduler_dlq where state = 'open') as dead
      from scheduled_goal_runs r left join goal_runs g using (scheduled_run_id) where r.${of}`,
  )
  const made = await superuser.row(
    "deliverables",
    `select count(*)::int as deliverables, count(distinct goal_instance_id)::int as delivered, ${ids} as ids
      from deliverables where ${of}`,
  )
  const { ids: named, ...rest } = ran
  const { ids: kept, ...others } = made
  return { ...rest, ...others, same: named === kept }
}

/** Judges that each of `wanted` slots has exactly one completed run and one deliverable, and nothing is left behind. */
export const exactlyOnce = (
  found: Outcome,
  wanted: number,
  { is, that }: {
    readonly is: (what: string, figure: number | string, wanted: number | string) => void
    readonly that: (holds: boolean, otherwise: string) => void
  },
): void => {
  is("runs", found.runs, wanted)
  is("completed runs", found.completed, wanted)
  is("deliverables that runs name", found.named, wanted)
  is("deliverables", found.deliverables, wanted)
  is("open dead letters", found.dead, 0)
  that(found.same, "the runs name other deliverables than there are")
}
