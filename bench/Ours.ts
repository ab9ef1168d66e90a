/** Our side: the stack as `npm start` runs it, with hires and goals, and the hand that makes goals fall due. */
import { freshSlot } from "../tests/proofs/Ground.ts"
import { hireAgent, setGoal } from "../tests/support/Customer.ts"
import { type ServiceName, type Stack } from "../tests/support/Stack.ts"
import { cpuOf } from "./Cpu.ts"
import type { DraftKind } from "./peers/Protocol.ts"
import type { Connection, Server } from "./Server.ts"

const SIDE_BY_SIDE = 25
const HIRES = 10
const services: ReadonlyArray<ServiceName> = [
  "catalog",
  "hiring",
  "deliverables",
  "scheduler",
]

/** A stack with goals that are never due unless they are made so. */
export interface Ours {
  readonly goals: ReadonlyArray<string>
  readonly scheduler: Connection
  readonly deliverables: Connection
  /**
   * Gives the first goals a daily rule whose last slot is a minute of the past that no run had yet, and makes that slot
   * due: at once, or from an instant on (epoch milliseconds), each next goal so much later, as a spread does. When that
   * was committed, epoch milliseconds by the database's clock, and the slot.
   */
  makeDue(
    count: number,
    from?: number,
    everyMs?: number,
  ): Promise<{ readonly at: number; readonly slot: string }>
  /** Waits until no run is open. */
  idle(): Promise<void>
  /** What is stored of every kind of draft that these goals make: after a first run of each. */
  kinds(): Promise<ReadonlyArray<DraftKind>>
  /** CPU seconds of each service so far. */
  cpu(): Promise<Record<string, number>>
  close(): Promise<void>
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const each = async <A>(
  items: Iterable<A>,
  work: (item: A) => Promise<void>,
) => {
  const queue = items[Symbol.iterator]() as IteratorObject<A>
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, async () => {
    for (const item of queue) await work(item)
  }))
}

/** Hires agents of both shipped types through the API and sets so many goals, half of each; their ids. */
const setGoals = async (stack: Stack, count: number): Promise<ReadonlyArray<string>> => {
  const hiring = (method: string, path: string, send = {}) => stack.call("hiring", method, path, send)
  const hires = await Promise.all(
    Array.from(
      { length: HIRES },
      (_, n) =>
        hireAgent(
          hiring,
          `customer-${n}`,
          n % 2 === 0 ? "marketing.healthcare.v1" : "trading.delta_futures.v1",
        ),
    ),
  )
  const goals: Array<string> = []
  await each(Array.from({ length: count }, (_, n) => n), async (n) => {
    const hire = hires[n % HIRES]
    const marketing = n % 2 === 0
    const goal = await setGoal(
      hiring,
      hire.customer_id,
      hire.hired_instance_id,
      {
        goal_template_id: marketing ? "marketing.daily_micro_post.v1" : "trading.guardrail_report.v1",
        frequency: "daily",
        settings: marketing ? { topic: "Flossing" } : {},
      },
    )
    goals.push(goal.goal_instance_id)
  })
  return goals
}

/** A stack with so many goals, half of each shipped type, none of them due. */
export const ours = async (
  stack: Stack,
  server: Server,
  count: number,
): Promise<Ours> => {
  const goals = await setGoals(stack, count)
  const scheduler = await server.connect("stint_scheduler")
  const deliverables = await server.connect("stint_deliverables")
  const pids = Object.fromEntries(
    await Promise.all(
      services.map(async (name) => [name, (await stack.pids(name))[0]!] as const),
    ),
  )
  const many = async (connection: Connection, statement: string) =>
    Number(
      (await connection.query<{ n: bigint }>(
        `select count(*) as n from (${statement}) x`,
      ))[0]!.n,
    )
  while (await many(scheduler, "select from projected_goals") < count) {
    await sleep(50)
  }
  // nothing is due by itself while we measure
  await scheduler.query(
    "update projected_goals set next_slot = null, due_at = null",
  )

  const makeDue: Ours["makeDue"] = async (count, from, everyMs = 0) => {
    const at = freshSlot()
    const ids = goals.slice(0, count).map((id) => `'${id}'`).join()
    const due = from === undefined ? `'${at}'` : `to_timestamp((${from} + (n - 1) * ${everyMs}) / 1000.0)`
    const [row] = await scheduler.query<{ ms: number }>(
      `with made as (
         update projected_goals g set next_slot = '${at}', due_at = ${due},
           schedule = '{"at": "${at.slice(11, 16)}", "timezone": "UTC"}'
         from unnest(array[${ids}]::varchar[]) with ordinality as x (id, n) where g.goal_instance_id = x.id
         returning g.goal_instance_id
       ), told as (select count(*) as n, pg_notify('stint_scheduler', '') from made)
       select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms from told`,
    )
    return { at: row!.ms, slot: at }
  }
  const idle = async () => {
    for (;;) {
      const [row] = await scheduler.query<{ busy: boolean }>(
        `select exists (select from run_queue) or exists (select from projected_goals where due_at <= now()) as busy`,
      )
      if (!row!.busy) return
      await sleep(50)
    }
  }
  return {
    goals,
    scheduler,
    deliverables,
    makeDue,
    idle,
    kinds: () =>
      deliverables.query<DraftKind>(
        `select distinct on (goal_template_id) goal_template_id, title, payload, customer_id, hired_instance_id,
           approval_required from deliverables order by goal_template_id`,
      ),
    cpu: async () =>
      Object.fromEntries(
        await Promise.all(
          services.map(async (name) => [name, await cpuOf(pids[name]!)] as const),
        ),
      ),
    close: async () => {
      await scheduler.close()
      await deliverables.close()
    },
  }
}
