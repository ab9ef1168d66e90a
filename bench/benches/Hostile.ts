/** How long `/livez` of a service takes while hostile bodies arrive (domain.md, "Bounds": at most 100 ms, p99). */
import { oddBodies } from "../../tests/proofs/hostile/Corpus.ts"
import type { ServiceName, Stack } from "../../tests/support/Stack.ts"
import { roundedAll, spreadOf, table } from "../Figures.ts"
import { PORTS } from "@stint/edge/Ports"

/** How many hostile requests are under way at once. */
const AT_ONCE = 4
/** The pause between two looks at `/livez`, in milliseconds. */
const PAUSE = 5

/** An endpoint of each service that takes a body, and who may call it. */
const doors: ReadonlyArray<
  readonly [service: ServiceName, method: string, path: string, as: string]
> = [
  ["catalog", "POST", "/api/v1/agent-types", "operator:olga"],
  ["hiring", "PUT", "/api/v1/hired-agents/draft", "customer:acme"],
  ["deliverables", "POST", "/api/v1/deliverables", "service:scheduler"],
  ["scheduler", "POST", "/api/v1/scheduler/simulate", "operator:olga"],
]

/** Large bodies of the endpoint itself, beside the corpus. */
const own = (path: string): ReadonlyArray<unknown> =>
  path.endsWith("/simulate")
    ? [{
      days: 366,
      hires: Array.from({ length: 900 }, (_, n) => ({
        count: 1,
        goals: [{
          frequency: "cron",
          schedule: { cron: `${n % 60} ${n % 24} 29 2 *` },
        }],
      })),
    }]
    : [
      Object.fromEntries(Array.from({ length: 19_000 }, (_, n) => [`k${n}`, 1])),
      { config: { a: Array.from({ length: 19_000 }, () => 1) } },
      { goal_templates: Array.from({ length: 6_000 }, () => ({ a: 1 })) },
    ]

/** The times of `/livez` in milliseconds, one after the other, for so long. */
const looks = async (url: string, seconds: number) => {
  const times: Array<number> = []
  for (const end = performance.now() + seconds * 1_000; performance.now() < end;) {
    const began = performance.now()
    await (await fetch(url)).arrayBuffer()
    times.push(performance.now() - began)
    await new Promise((resolve) => setTimeout(resolve, PAUSE))
  }
  return times
}

/** Measures each service for so many seconds without, and as long with hostile bodies. */
export const hostile = async (stack: Stack, seconds: number) => {
  const rows = []
  for (const [service, method, path, as] of doors) {
    const url = `http://127.0.0.1:${stack.base + PORTS[service]}/livez`
    const quiet = await looks(url, seconds)
    const bodies = [
      ...oddBodies.map((make) => make()),
      ...own(path).map((body) => new TextEncoder().encode(JSON.stringify(body))),
    ]
    let going = true
    let sent = 0
    const sender = async () => {
      while (going) {
        const raw = bodies[sent++ % bodies.length]!
        await stack.call(service, method, path, {
          as: as as never,
          raw,
          headers: { "idempotency-key": `bench-${sent}` },
        })
      }
    }
    const senders = Array.from({ length: AT_ONCE }, sender)
    const under = await looks(url, seconds)
    going = false
    await Promise.all(senders)
    rows.push({ service, requests: sent, quiet: roundedAll(spreadOf(quiet)), hostile: roundedAll(spreadOf(under)) })
  }
  console.log(`\nhostile: /livez in ms while ${AT_ONCE} senders send hostile bodies; at most 100 at p99`)
  console.log(table([
    ["service", "requests", "p99 without", "p50", "p99", "max"],
    ...rows.map(({ hostile, quiet, requests, service }) => [
      service,
      ...[requests, quiet.p99, hostile.p50, hostile.p99, hostile.max].map(String),
    ]),
  ]))
  return rows
}
