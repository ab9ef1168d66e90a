/**
 * Each database is restored to an earlier moment, alone and together with others, while the stack runs and after requests,
 * runs, edits, deletions and executions have followed that moment; and hiring's is copied by SQL into another cluster, whose
 * transaction ids are younger, as a dump is. Then `stint db reconcile` has to tell and to mend.
 *
 * Would catch: a follower that goes on from a cursor of another history, a snapshot that is ignored because of its row
 * versions, goals that nobody has any more and that run, completed runs without a draft, an order that is acted on twice.
 *
 * A moment is a copy of the database's files (CREATE DATABASE ... TEMPLATE); pg_dump does not ship with the embedded Postgres.
 */
import { spawn } from "node:child_process"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { ServiceName } from "../support/Stack.ts"
import { hireAgent, setGoal } from "../support/Customer.ts"
import { farSchedule } from "../support/FarTimes.ts"
import { type Ground, order, standOn } from "./Ground.ts"
import { type Attack, judge, type Proof, randomOf, until } from "./Proof.ts"
import { copyToYounger } from "./restore/Logical.ts"

type Judge = ReturnType<typeof judge>

const root = fileURLToPath(new URL("../..", import.meta.url))
const customer = "acme"
const as = `customer:${customer}` as const

/** A database, as Postgres names it. */
const nameOf = (service: ServiceName) => `stint_${service}`

/** Runs statements while nobody is connected to a database. */
const alone = async ({ superuser }: Ground, database: string, statements: ReadonlyArray<string>) => {
  await superuser.sql("postgres", `alter database ${database} with allow_connections false`)
  await superuser.sql(
    "postgres",
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`,
  )
  await until(
    `${database} is left alone`,
    async () =>
      (await superuser.row("postgres", `select count(*)::int as n from pg_stat_activity where datname = '${database}'`))
        .n === 0,
    10_000,
  )
  for (const statement of statements) await superuser.sql("postgres", statement)
}

/** Keeps a database as it is now. */
const keep = async (ground: Ground, service: ServiceName) => {
  const name = nameOf(service)
  await alone(ground, name, [
    `drop database if exists ${name}_kept`,
    `create database ${name}_kept template ${name}`,
    `update pg_database k set datacl = o.datacl, datdba = o.datdba from pg_database o
      where k.datname = '${name}_kept' and o.datname = '${name}'`,
    `alter database ${name} with allow_connections true`,
  ])
}

/** Puts back what was kept. */
const restore = async (ground: Ground, service: ServiceName) => {
  const name = nameOf(service)
  await alone(ground, name, [`drop database ${name}`, `alter database ${name}_kept rename to ${name}`])
}

/** `stint db reconcile` on a stack that runs. */
const reconcile = ({ stack }: Ground, ...flags: ReadonlyArray<string>) =>
  new Promise<{ readonly status: number | null; readonly text: string }>((resolve, reject) => {
    const child = spawn("node", ["apps/cli/bin/stint.js", "db", "reconcile", ...flags], {
      cwd: root,
      env: { ...process.env, STINT_HOME: stack.home, STINT_PORT_BASE: String(stack.base) },
    })
    let text = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => text += chunk)
    child.once("error", reject)
    child.once("close", (status) => resolve({ status, text }))
  })

/** What the customer does with the stack. */
const doing = ({ stack, superuser }: Ground, hire: string) => {
  const goals = `/api/v1/hired-agents/${hire}/goals`
  const hiring = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
  const setOrder = async () =>
    (await setGoal(hiring, customer, hire, { ...order, frequency: "on_demand" })).goal_instance_id as string
  return {
    setOrder,
    edit: (goal: string, units: number) =>
      hiring("PUT", goals, {
        as,
        body: {
          ...order,
          goal_instance_id: goal,
          frequency: "monthly",
          settings: { ...order.settings, units, schedule: farSchedule() },
        },
      }),
    remove: (goal: string) => hiring("DELETE", `${goals}/${goal}`, { as }),
    run: (goal: string) => hiring("POST", `${goals}/${goal}/run`, { as, body: {} }),
    /** Approves and executes all drafts that wait. */
    executeAll: async () => {
      const list = `/api/v1/deliverables?customer_id=${customer}&review_status=pending_review&limit=200`
      const { json } = await stack.call("deliverables", "GET", list, { as })
      for (const { deliverable_id: id } of json.items) {
        const review = { as, body: { decision: "approved" } }
        const approved = await stack.call("deliverables", "POST", `/api/v1/deliverables/${id}/review`, review)
        await stack.call("deliverables", "POST", `/api/v1/deliverables/${id}/execute`, {
          as,
          body: { approval_id: approved.json.approval_id },
          headers: { "idempotency-key": `execute-${id}-${approved.json.approval_id}` },
        })
      }
      return json.items.length as number
    },
    /** Waits until all requested runs are over. */
    quiet: () =>
      until(
        "no run is open, and the feed is followed",
        async () => {
          const { n } = await superuser.row("scheduler", "select count(*)::int as n from run_queue")
          const asked = await superuser.sql<{ id: string }>(
            "hiring",
            "select payload->>'request_id' as id from hiring_outbox where kind = 'run'",
          )
          const ids = asked.map(({ id }) => id).join()
          const known = await superuser.row(
            "scheduler",
            `select count(*)::int as n from scheduled_goal_runs where request_id = any('{${ids}}')`,
          )
          return n === 0 && known.n === asked.length
        },
        30_000,
      ),
  }
}
type Doing = ReturnType<typeof doing>

/** What every database has to say in the end. */
const judgeAll = async (ground: Ground, what: string, gone: ReadonlySet<string>, { is, that }: Judge) => {
  const { stack, superuser } = ground
  const goalIds = "md5(coalesce(string_agg(goal_instance_id || version, ',' order by goal_instance_id), '')) as ids"
  const hiring = await superuser.row("hiring", `select ${goalIds} from goal_instances`)
  const projected = await superuser.row("scheduler", `select ${goalIds} from projected_goals`)
  is(`${what}: goals that the scheduler has`, projected.ids, hiring.ids)
  const runs = await superuser.sql<{ goal: string; key: string }>(
    "scheduler",
    "select idempotency_key as key, goal_instance_id as goal from goal_runs where status = 'completed'",
  )
  const keys = runs.map(({ key }) => key).join()
  const drafts = await superuser.sql<{ key: string }>(
    "deliverables",
    `select idempotency_key as key from deliverables where idempotency_key = any('{${keys}}')`,
  )
  const drafted = new Set(drafts.map(({ key }) => key))
  // Only the scheduler remembers goals that hiring and deliverables lost together
  const lost = runs.filter(({ goal, key }) => !drafted.has(key) && !gone.has(goal))
  that(lost.length === 0, `${what}: completed runs without a draft: ${lost.map(({ key }) => key).join()}`)
  const asked = await superuser.row(
    "hiring",
    `select coalesce(string_agg(payload->>'request_id', ','), '') as ids, count(*)::int as n from hiring_outbox o
      where kind = 'run' and exists (select from goal_instances g where g.goal_instance_id = o.payload->>'goal_instance_id')`,
  )
  const done = await superuser.row(
    "scheduler",
    `select count(*)::int as n from scheduled_goal_runs where request_id = any('{${asked.ids}}') and status = 'completed'`,
  )
  is(`${what}: requested runs that are completed`, done.n, asked.n)
  const dead = await superuser.row("scheduler", "select count(*)::int as n from scheduler_dlq where state = 'open'")
  is(`${what}: open dead letters`, dead.n, 0)
  // A receiver dedupes by the delivery's id: so many acts are of one run
  const lines = (await readFile(join(stack.home, "journal.jsonl"), "utf8").catch(() => "")).trim().split("\n")
  const acts = new Map<string, Set<string>>()
  for (const line of lines.filter((one) => one !== "")) {
    const entry = JSON.parse(line)
    const { delivery_id, deliverable_id, payload } = entry.data ?? entry
    const of = payload?.goal_instance_id ?? deliverable_id
    acts.set(of, new Set([...acts.get(of) ?? [], delivery_id]))
  }
  is(`${what}: orders acted on twice`, [...acts.values()].filter((ids) => ids.size > 1).length, 0)
  return acts.size
}

/** One round: some databases go back to a moment, after which much has happened. */
const round = async (
  ground: Ground,
  does: Doing,
  victims: ReadonlyArray<ServiceName>,
  random: () => number,
  gone: Set<string>,
  found: Judge,
) => {
  const { stack } = ground
  const what = victims.join(" and ")
  const old = [await does.setOrder(), await does.setOrder()]
  for (const goal of old) await does.run(goal)
  await does.quiet()
  if (random() < 0.5) await does.executeAll()
  for (const victim of victims) await keep(ground, victim)
  for (const victim of victims) await stack.isReady(victim)
  const made = [await does.setOrder(), await does.setOrder()]
  if (victims.includes("hiring") && victims.includes("deliverables")) { for (const goal of made) gone.add(goal) }
  for (const goal of made) await does.run(goal)
  await does.edit(old[0]!, 1 + Math.floor(random() * 4))
  await does.remove(old[1]!)
  await does.quiet()
  await does.executeAll()
  for (const victim of victims) await restore(ground, victim)
  for (const service of ["hiring", "deliverables", "scheduler"] as const) await stack.isReady(service)
  const dry = await reconcile(ground, "--dry-run")
  const mended = await reconcile(ground)
  found.is(`${what}: what reconcile says in the end, ${mended.text}`, mended.status ?? -1, 0)
  await does.quiet()
  // The customer goes on as before: orders whose approval was lost are approved and executed once more
  await does.executeAll()
  const acts = await judgeAll(ground, what, gone, found)
  return { told: dry.status === 1, acts }
}

const alones: ReadonlyArray<ReadonlyArray<ServiceName>> = [["scheduler"], ["deliverables"], ["hiring"]]
const togethers: ReadonlyArray<ReadonlyArray<ServiceName>> = [
  ["hiring", "scheduler"],
  ["hiring", "deliverables"],
  ["scheduler", "deliverables"],
  ["hiring", "scheduler", "deliverables"],
]

const attack = async (how: Attack) => {
  const random = randomOf(how.seed)
  const found = judge()
  const ground = await standOn(how)
  const hire = await hireAgent(
    (method, path, send) => ground.stack.call("hiring", method, path, send),
    customer,
    "trading.delta_futures.v1",
  )
  const does = doing(ground, hire.hired_instance_id)
  const drawn = togethers[Math.floor(random() * togethers.length)]!
  const rounds = how.full ? [...alones, ...togethers, ...alones, ...togethers] : [["deliverables"] as const, drawn]
  const gone = new Set<string>()
  let told = 0
  let acts = 0
  for (const victims of rounds) {
    const { acts: seen, told: was } = await round(ground, does, victims, random, gone, found)
    acts = seen
    told += was ? 1 : 0
    how.say(`${victims.join(" and ")} restored: ${was ? "told and mended" : "mended by the services themselves"}`)
  }
  // A lost draft is noticed by nobody but reconcile
  found.that(told > 0, "reconcile told of no difference in any round")
  const copied = await copyToYounger(ground, hire.hired_instance_id, how, found)
  return {
    figures: { restores: rounds.length, told, orders: acts, changes_after_the_copy: copied },
    violations: found.violations,
  }
}

export const restored: Proof = {
  name: "restore",
  promise: "After a database is restored to an earlier moment nothing runs that is gone, and nothing is acted on twice",
  attacks: "restores each database alone and together, and copies hiring's into a younger cluster, then reconciles",
  seconds: { quick: 30, full: 120 },
  attack,
}
