/** How many drafts a second customers approve, and execute: through the API, with an Idempotency-Key each. */
import { drained, fallDue, freshSlot, type Ground, makeGoals, order } from "../../tests/proofs/Ground.ts"
import { cpuOf } from "../Cpu.ts"
import { median, roundedAll, spreadOf, table } from "../Figures.ts"
import type { Server } from "../Server.ts"

const AT_ONCE = 16
/** So many customers in turn: of one, two writes and eight executions are handled at once, and more wait (docs/bounds.md). */
const CUSTOMERS = 20
const NAMES = "bench-review-"

const each = async <A>(
  items: ReadonlyArray<A>,
  work: (item: A) => Promise<void>,
) => {
  const left = items.values()
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const item of left) await work(item)
  }))
}

/** CPU seconds so far of those that take part. */
const cpuOfAll = async ({ stack }: Ground, server: Server) => {
  const [deliverables] = await stack.pids("deliverables")
  const [hiring] = await stack.pids("hiring")
  return {
    deliverables: await cpuOf(deliverables!),
    hiring: await cpuOf(hiring!),
    postgres: await server.cpu(),
  }
}

/** Does something to all items, so many at once; how many a second, how long one took in milliseconds, and its CPU. */
const timed = async <A>(
  ground: Ground,
  server: Server,
  items: ReadonlyArray<A>,
  work: (item: A) => Promise<void>,
) => {
  const times: Array<number> = []
  const before = await cpuOfAll(ground, server)
  const began = performance.now()
  await each(items, async (item) => {
    const from = performance.now()
    await work(item)
    times.push(performance.now() - from)
  })
  const perSecond = items.length / ((performance.now() - began) / 1000)
  const after = await cpuOfAll(ground, server)
  const us = (name: keyof typeof after) => (after[name] - before[name]) / items.length * 1e6
  return {
    perSecond,
    times,
    deliverables: us("deliverables"),
    hiring: us("hiring"),
    postgres: us("postgres"),
  }
}

/** Measures, prints the table, and returns the figures. Throws when a decision or an execution is refused. */
export const review = async (
  ground: Ground,
  server: Server,
  drafts: number,
  rounds: number,
) => {
  const { stack, superuser } = ground
  const goals: Array<Awaited<ReturnType<typeof makeGoals>>> = []
  for (let n = 0; n < CUSTOMERS; n++) {
    goals.push(await makeGoals(ground, `${NAMES}${n}`, Math.ceil(drafts / CUSTOMERS), order))
  }
  const send = async (customer: string, path: string, key: string, body: unknown) => {
    const answer = await stack.call("deliverables", "POST", path, {
      as: `customer:${customer}`,
      body,
      headers: { "idempotency-key": key },
    })
    if (answer.status >= 300) {
      throw new Error(
        `${path}: ${answer.status} ${JSON.stringify(answer.json)}`,
      )
    }
    return answer.json
  }
  const found: Array<
    Record<"approve" | "execute", Awaited<ReturnType<typeof timed>>>
  > = []
  for (let n = 0; n < rounds; n++) {
    const slot = freshSlot()
    for (const some of goals) await fallDue(ground, some, slot)
    await drained(ground)
    const made = await superuser.sql<{ id: string; customer: string }>(
      "deliverables",
      `select deliverable_id as id, customer_id as customer from deliverables
       where customer_id like '${NAMES}%' and scheduled_time = '${slot}' order by md5(deliverable_id)`,
    )
    const approvals = new Map<string, string>()
    const approve = await timed(ground, server, made, async ({ customer, id }) => {
      const { approval_id } = await send(
        customer,
        `/api/v1/deliverables/${id}/review`,
        `approve-${id}`,
        { decision: "approved" },
      )
      approvals.set(id, approval_id)
    })
    const execute = await timed(ground, server, made, async ({ customer, id }) => {
      await send(customer, `/api/v1/deliverables/${id}/execute`, `execute-${id}`, { approval_id: approvals.get(id) })
    })
    found.push({ approve, execute })
  }
  const figureOf = (what: "approve" | "execute") => ({
    per_second: median(found.map((round) => round[what].perSecond)),
    ms: spreadOf(found.flatMap((round) => round[what].times)),
    cpu_us: {
      deliverables: median(found.map((round) => round[what].deliverables)),
      hiring: median(found.map((round) => round[what].hiring)),
      postgres: median(found.map((round) => round[what].postgres)),
    },
  })
  const figures = roundedAll({
    drafts,
    customers: CUSTOMERS,
    rounds,
    at_once: AT_ONCE,
    approve: figureOf("approve"),
    execute: figureOf("execute"),
  })
  console.log(
    `\nreview: ${drafts} drafts of ${CUSTOMERS} customers, ${AT_ONCE} requests at once, median of ${rounds} rounds`,
  )
  console.log(table([
    [
      "",
      "a second",
      "p50",
      "p99",
      "CPU us: deliverables",
      "hiring",
      "postgres",
    ],
    ...(["approve", "execute"] as const).map((what) => [
      what,
      figures[what].per_second.toFixed(0),
      `${figures[what].ms.p50.toFixed(1)} ms`,
      `${figures[what].ms.p99.toFixed(1)} ms`,
      ...Object.values(figures[what].cpu_us).map((us) => us.toFixed(0)),
    ]),
  ]))
  return figures
}
