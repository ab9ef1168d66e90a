/** Customers who work while programs are exchanged, and what they were told: what has to be there whoever runs later. */
import { assert } from "vitest"
import { type Goals, order, type Site } from "../proofs/Ground.ts"
import type { ServiceName } from "./Balancer.ts"
import type { Answer, Send } from "./Service.ts"
import { until } from "./Until.ts"

/** What customers were told, to be held against what the programs say later. */
export interface Told {
  readonly goals: Array<{ readonly customer: string; readonly hire: string; readonly goal: string }>
  readonly runs: Array<{ readonly goal: string; readonly slot: string }>
  readonly executed: Array<{ readonly customer: string; readonly deliverable: string }>
}

/** Sends a request to a service. */
export type Call = (service: ServiceName, method: string, path: string, send?: Send) => Promise<Answer>

/** Sends a request; it has to be answered with success. */
const must = async (call: Call, ...[service, method, path, send]: Parameters<Call>) => {
  const answer = await call(service, method, path, send)
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.json)}`)
  return answer.json
}

/** A keyed request, and the same again, which may meet the other program: it is answered as the first was. */
const twice = async (call: Call, ...[service, method, path, { body, ...send }]: Required<Parameters<Call>>) => {
  const headers = { "idempotency-key": crypto.randomUUID() }
  const first = await must(call, service, method, path, { ...send, body, headers })
  const again = await must(call, service, method, path, { ...send, body, headers })
  assert.deepStrictEqual(again, first, `${method} ${path} under one key`)
  return first
}

/** What a customer does again and again: sets a goal, runs it, approves and executes what came of it. */
const work = async (call: Call, { customer, hire }: Goals, told: Told): Promise<void> => {
  const as = `customer:${customer}` as const
  const goals = `/api/v1/hired-agents/${hire}/goals`
  const goal = await twice(call, "hiring", "PUT", goals, { as, body: { ...order, frequency: "on_demand" } })
  const { goal_instance_id } = goal
  told.goals.push({ customer, hire, goal: goal_instance_id })
  await must(call, "hiring", "PUT", goals, {
    as,
    body: { ...order, goal_instance_id, frequency: "on_demand", settings: { ...order.settings, units: 3 } },
  })
  const run = await twice(call, "hiring", "POST", `${goals}/${goal_instance_id}/run`, { as, body: {} })
  told.runs.push({ goal: goal_instance_id, slot: run.scheduled_time })
  const runs = `/api/v1/scheduler/runs?goal_instance_id=${goal_instance_id}`
  const id = await until(`the run of ${goal_instance_id} has its draft`, async () => {
    const { items } = await must(call, "scheduler", "GET", runs, { as })
    return items[0]?.status === "completed" ? items[0].deliverable_id as string : undefined
  })
  const path = `/api/v1/deliverables/${id}`
  const deliverable = await must(call, "deliverables", "GET", path, { as })
  assert.strictEqual(deliverable.payload.units, 3)
  const { approval_id } = await twice(call, "deliverables", "POST", `${path}/review`, {
    as,
    body: { decision: "approved" },
  })
  const executed = await twice(call, "deliverables", "POST", `${path}/execute`, { as, body: { approval_id } })
  assert.strictEqual(executed.execution_status, "executed")
  told.executed.push({ customer, deliverable: id })
}

/** Customers who work until they are told to stop; `stop` throws the fault that one of them met. */
export const working = (call: Call, all: ReadonlyArray<Goals>, told: Told) => {
  let over = false
  const loops = all.map(async (one) => {
    while (!over) await work(call, one, told)
  })
  const done = Promise.all(loops)
  let failure: unknown
  done.catch((error) => {
    failure = error
    over = true
  })
  return {
    stop: () => (over = true, done),
    /** Waits until each of them has begun and finished something from now on, or one has met a fault. */
    met: async () => {
      const enough = told.executed.length + 2 * all.length
      await until("the customers meet what runs now", () => told.executed.length >= enough || failure !== undefined)
    },
  }
}

/** Everything that was told is there, as the programs that run now say it. */
export const nothingLost = async (call: Call, told: Told): Promise<void> => {
  for (const { customer, goal, hire } of told.goals) {
    const found = await must(call, "hiring", "GET", `/api/v1/hired-agents/${hire}/goals/${goal}`, {
      as: `customer:${customer}`,
    })
    assert.strictEqual(found.settings.units, 3)
  }
  for (const { customer, deliverable } of told.executed) {
    const as = `customer:${customer}` as const
    const found = await must(call, "deliverables", "GET", `/api/v1/deliverables/${deliverable}`, { as })
    assert.deepStrictEqual([found.review_status, found.execution_status], ["approved", "executed"])
  }
}

/** Each run that was asked for was made once. */
export const ranOnce = async ({ superuser }: Site, { runs }: Told): Promise<void> => {
  const slots = runs.map(({ goal, slot }) => `('${goal}', '${slot}'::timestamptz)`).join()
  const found = await superuser.row(
    "scheduler",
    `select count(*)::int as runs, count(*) filter (where r.status = 'completed')::int as completed
      from scheduled_goal_runs r join (values ${slots}) w (goal, slot) on r.goal_instance_id = w.goal
      and r.scheduled_time = w.slot`,
  )
  assert.deepStrictEqual(found, { runs: runs.length, completed: runs.length })
}
