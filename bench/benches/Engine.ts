/** The engine alone: a scheduler whose deliverables answers at once, so that what is left is its own work and Postgres'. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { drained, fallDue, freshSlot, type Goals, type Ground } from "../../tests/proofs/Ground.ts"
import { openFleet, sleepOwnScheduler } from "../../tests/support/Fleet.ts"
import { cpuOf } from "../Cpu.ts"
import { median, roundedAll, table } from "../Figures.ts"
import type { Server } from "../Server.ts"

/** A deliverables that is ready, and answers each run of a batch with that draft under another id. */
const answering = async (draft: Record<string, unknown>) => {
  let made = 0
  const server = createServer(async (request, response) => {
    const chunks = await Array.fromAsync(request)
    response.setHeader("content-type", "application/json")
    if (request.method !== "POST") return response.end(JSON.stringify({ status: "ready" }))
    const { items } = JSON.parse(Buffer.concat(chunks).toString())
    response.end(JSON.stringify({
      items: items.map(({ goal_instance_id, hired_instance_id, idempotency_key }: Record<string, string>) => ({
        idempotency_key,
        deliverable: { ...draft, goal_instance_id, hired_instance_id, deliverable_id: `DEL-bench-${++made}` },
      })),
    }))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() }
}

/** Measures, prints the figures, and returns them. */
export const engine = async (ground: Ground, server: Server, goals: Goals, rounds: number) => {
  const { stack, superuser } = ground
  await fallDue(ground, goals, freshSlot(), { limit: 1 })
  await drained(ground)
  const { json } = await stack.call(
    "deliverables",
    "GET",
    `/api/v1/deliverables?customer_id=${goals.customer}&limit=1`,
    {
      as: "operator:olga",
    },
  )
  const callee = await answering(json.items[0])
  const asleep = await sleepOwnScheduler(stack, superuser)
  const fleet = await openFleet(stack, superuser)
  const found: Array<{ readonly perSecond: number; readonly scheduler: number; readonly postgres: number }> = []
  try {
    const scheduler = await fleet.start(1, { DELIVERABLES_URL: callee.url })
    await scheduler.isReady()
    const us = (seconds: number) => seconds / goals.count * 1e6
    // the first round warms it up, and does not count
    for (let n = 0; n <= rounds; n++) {
      const slot = freshSlot()
      const [own, postgres] = [await cpuOf(scheduler.pid), await server.cpu()]
      const { at } = await superuser.row("scheduler", "select (extract(epoch from now()) * 1000)::float8 as at")
      await fallDue(ground, goals, slot)
      await drained(ground)
      const { ended, n: completed } = await superuser.row(
        "scheduler",
        `select (extract(epoch from max(closed_at)) * 1000)::float8 as ended, count(*)::int as n
        from scheduled_goal_runs where scheduled_time = '${slot}' and status = 'completed'`,
      )
      if (completed !== goals.count) throw new Error(`${completed} of ${goals.count} runs completed`)
      if (n === 0) continue
      found.push({
        perSecond: goals.count / ((ended - at) / 1000),
        scheduler: us(await cpuOf(scheduler.pid) - own),
        postgres: us(await server.cpu() - postgres),
      })
    }
  } finally {
    await fleet.stop()
    await asleep.end()
    callee.close()
  }
  const figures = roundedAll({
    runs: goals.count,
    rounds,
    per_second: median(found.map(({ perSecond }) => perSecond)),
    scheduler_us: median(found.map(({ scheduler }) => scheduler)),
    postgres_us: median(found.map(({ postgres }) => postgres)),
  })
  console.log(`\nengine: ${goals.count} runs due at once, deliverables answers at once; median of ${rounds} rounds`)
  console.log(table([
    ["", "runs/s", "CPU us/run", "of it Postgres"],
    [
      "scheduler and Postgres",
      figures.per_second.toFixed(0),
      (figures.scheduler_us + figures.postgres_us).toFixed(0),
      figures.postgres_us.toFixed(0),
    ],
  ]))
  return figures
}
