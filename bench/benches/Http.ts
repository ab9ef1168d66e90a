/** One read, one list and one write over HTTP, through Postgres, beside Hono with the same statements on the same runtime. */
import { openDevKey } from "@stint/cli/DevKey"
import { jwksFileOf } from "@stint/cli/DevKey/Store"
import { PORTS } from "@stint/edge/Ports"
import { spawn } from "node:child_process"
import { readFile } from "node:fs/promises"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { freePortBase, type ServiceName, type Stack } from "../../tests/support/Stack.ts"
import { cpuOf } from "../Cpu.ts"
import { median, roundedAll, table } from "../Figures.ts"
import { type Asked, askOnce, load } from "../Load.ts"
import { createWithTables } from "../Peer.ts"
import type { Server } from "../Server.ts"

/** The least share of Hono's requests a second, and the most CPU of a read, in microseconds. */
const GOALS = { of_hono: 0.6, read_cpu_us: 150 }
const CONNECTIONS = 16
/** So many customers ask in turn: what one of them may have under way at once is bounded. */
const CUSTOMERS = 20
/** So many requests warm a program up before its first round: until then its compiler works as much as it does. */
const WARMS_UP = 5_000
/** How many trials a customer has to list. */
const TRIALS = 20
const TYPE = "trading.delta_futures.v1"

/** A service under load. */
interface Target {
  readonly name: string
  readonly port: number
  readonly pid: number
}

/** What is asked, of which of our services. */
interface Case {
  readonly name: string
  readonly service: ServiceName
  ask(token: string, n: number): Asked
}

const trial = JSON.stringify({
  agent_id: TYPE,
  customer_name: "Asha Rao",
  customer_email: "asha@example.com",
  company: "Smile Dental",
})

const write: Case["ask"] = (token) => ({
  method: "POST",
  path: "/api/v1/trials",
  token,
  key: crypto.randomUUID(),
  body: trial,
})

const cases: ReadonlyArray<Case> = [
  {
    name: "read",
    service: "catalog",
    ask: (token) => ({
      method: "GET",
      path: `/api/v1/agent-types/${TYPE}`,
      token,
    }),
  },
  {
    name: `list of ${TRIALS}`,
    service: "hiring",
    ask: (token) => ({
      method: "GET",
      path: `/api/v1/trials?limit=${TRIALS}`,
      token,
    }),
  },
  { name: "write", service: "hiring", ask: write },
]

/** Hono in a process of its own, with databases of its own that hold the same agent types. */
const startHono = async (stack: Stack, server: Server) => {
  const databases = await Promise.all(
    (["catalog", "hiring"] as const).map((service) => createWithTables(server, `bench_hono_${service}`, service)),
  )
  const [{ rows }] = await stack.sql<{ rows: unknown }>(
    "catalog",
    "select json_agg(t) as rows from agent_type_definitions t",
  ) as [{ rows: unknown }]
  const text = JSON.stringify(rows).replaceAll("'", "''")
  await databases[0]!.query(
    `insert into agent_type_definitions
     select * from json_populate_recordset(null::agent_type_definitions, '${text}'::json)`,
  )
  const port = await freePortBase()
  const child = spawn(Deno.execPath(), [
    "run",
    "-A",
    fileURLToPath(new URL("../peers/Hono.ts", import.meta.url)),
  ], {
    env: {
      ...process.env,
      CATALOG: server.url("bench_hono_catalog"),
      HIRING: server.url("bench_hono_hiring"),
      JWKS: await readFile(jwksFileOf(stack.home), "utf8"),
      PORT: String(port),
    },
    stdio: ["ignore", "pipe", "inherit"],
  })
  const ended = new Promise((resolve) => child.once("exit", resolve))
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line === "ready") break
  }
  return {
    target: { name: "hono", port, pid: child.pid! },
    stop: async () => {
      child.kill("SIGKILL")
      await ended
      for (const database of databases) await database.close()
    },
  }
}

const measure = async (
  { pid, port }: Target,
  server: Server,
  count: number,
  ask: (n: number) => Asked,
) => {
  const look = async () => [await cpuOf(pid), await server.cpu()] as const
  const [own, postgres] = await look()
  const seconds = await load(port, CONNECTIONS, count, ask)
  const [ownAfter, postgresAfter] = await look()
  return {
    per_second: count / seconds,
    cpu_us: (ownAfter - own) / count * 1e6,
    postgres_us: (postgresAfter - postgres) / count * 1e6,
  }
}

/** Measures rounds of `count` requests of each case, ours and Hono's in turn; medians. */
export const http = async (
  stack: Stack,
  server: Server,
  { count, rounds }: { count: number; rounds: number },
) => {
  const key = await openDevKey(stack.home, {})
  const tokens = await Promise.all(
    Array.from(
      { length: CUSTOMERS },
      (_, n) => key.sign({ role: "customer", subject: `bench-${n}`, ttl: 3600 }),
    ),
  )
  const hono = await startHono(stack, server)
  try {
    const pids = {
      catalog: (await stack.pids("catalog"))[0]!,
      hiring: (await stack.pids("hiring"))[0]!,
    }
    const targetOf = (service: ServiceName): Target => ({
      name: "stint",
      port: stack.base + PORTS[service],
      pid: pids[service as keyof typeof pids],
    })
    for (const { port } of [targetOf("hiring"), hono.target]) {
      await load(
        port,
        CONNECTIONS,
        CUSTOMERS * (TRIALS + 1),
        (n) => write(tokens[n % CUSTOMERS]!, n),
      )
    }
    const figures = []
    for (const { ask, name, service } of cases) {
      const targets = [targetOf(service), hono.target]
      const asking = (n: number) => ask(tokens[n % CUSTOMERS]!, n)
      const bytes = await Promise.all(
        targets.map(async ({ port }) => (await askOnce(port, asking(0))).length),
      )
      const results = targets.map((): Array<
        Awaited<ReturnType<typeof measure>>
      > => [])
      for (const target of targets) await measure(target, server, WARMS_UP, asking)
      for (let round = 0; round < rounds; round++) {
        for (const [i, target] of targets.entries()) results[i]!.push(await measure(target, server, count, asking))
      }
      const medianOf = (i: number) => ({
        bytes: bytes[i]!,
        per_second: median(results[i]!.map(({ per_second }) => per_second)),
        cpu_us: median(results[i]!.map(({ cpu_us }) => cpu_us)),
        postgres_us: median(results[i]!.map(({ postgres_us }) => postgres_us)),
      })
      const [stint, peer] = [medianOf(0), medianOf(1)]
      figures.push({
        name,
        stint,
        hono: peer,
        of_hono: stint.per_second / peer.per_second,
      })
    }
    print(figures, count, rounds)
    return roundedAll({
      goals: GOALS,
      connections: CONNECTIONS,
      count,
      rounds,
      cases: figures,
    })
  } finally {
    await hono.stop()
  }
}

interface Figures {
  readonly bytes: number
  readonly per_second: number
  readonly cpu_us: number
  readonly postgres_us: number
}

const print = (
  figures: ReadonlyArray<
    { name: string; stint: Figures; hono: Figures; of_hono: number }
  >,
  count: number,
  rounds: number,
) => {
  console.log(
    `\nhttp: ${count} requests over ${CONNECTIONS} connections, ${rounds} rounds in turn; medians; a read at most ${GOALS.read_cpu_us} us`,
  )
  console.log(table([
    ["", "requests/s", "of hono", "goal", "CPU us", "of Postgres", "bytes"],
    ...figures.flatMap(({ hono, name, of_hono, stint }) =>
      (["stint", "hono"] as const).map((who) => {
        const one = who === "stint" ? stint : hono
        return [
          `${name}, ${who}`,
          one.per_second.toFixed(0),
          who === "stint" ? `${of_hono.toFixed(2)} x` : "",
          who === "stint" ? `${GOALS.of_hono} x` : "",
          one.cpu_us.toFixed(0),
          one.postgres_us.toFixed(0),
          String(one.bytes),
        ]
      })
    ),
  ]))
}
