/**
 * D17: a rolling upgrade from 0.2.0, and the way back. The services of 0.2.0's commit and those of this program work side by
 * side on the schema of this program, each request going to one or the other in turn, those of the services to each other
 * too. Meanwhile customers write, goals fall due, and schedulers of both claim: no request fails, every due slot runs once,
 * and neither program loses what the other was told.
 */
import { PgClient } from "@effect/sql-pg"
import { services } from "@stint/cli/Provision"
import { connectionOf } from "@stint/edge/Pg/Connection"
import { Effect, Exit, Redacted, Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import {
  drained,
  exactlyOnce,
  fallDue,
  freshSlot,
  type Goals,
  makeGoals,
  order,
  outcomeOf,
  type Site,
} from "../proofs/Ground.ts"
import { type Balancer, type ServiceName, startBalancer } from "../support/Balancer.ts"
import { emptyDatabase } from "../support/Database.ts"
import { type Release, releaseOf } from "../support/Release.ts"
import type { Answer, Send } from "../support/Service.ts"
import { callerOf, freePortBase } from "../support/Stack.ts"
import { until } from "../support/Until.ts"

/** The version before, and the end of its history. */
const BEFORE = { version: "0.2", commit: "6906dfea10654a959fa7dc61ff64902a44fb30f8" }

const root = fileURLToPath(new URL("../..", import.meta.url))

/** How many goals fall due in each phase, and how many customers write at a time. */
const GOALS = 40
const CUSTOMERS = 3

let before: Release
/** `<SERVICE>_DATABASE_URL` and `<SERVICE>_MIGRATE_URL` of all. */
let databases: Readonly<Record<string, string>>
let home: string
let balancer: Balancer
let site: Site
const scope = Scope.makeUnsafe()

/** A stack of one of the two programs. */
interface Program {
  readonly base: number
  readonly output: () => string
  stop(): Promise<void>
}

const running = new Set<Program>()

/** Starts a program over the databases, as its own launcher does, and waits until the balancer may send it requests. */
const start = async (folder: string): Promise<Program> => {
  const base = await freePortBase()
  const foreign = /^(STINT_|npm_)|_(DATABASE|MIGRATE)_URL$/
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
  const child = spawn("node", ["apps/cli/bin/stint.js", "start", "--no-sample"], {
    cwd: folder,
    detached: true,
    env: {
      ...clean,
      ...databases,
      ...balancer.env,
      // as if npm had started it, so that it ends with us when a run of the tests is killed
      npm_lifecycle_event: "start",
      STINT_HOME: home,
      STINT_PORT_BASE: String(base),
      STINT_UPGRADE_FROM: BEFORE.version,
    },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output += chunk)
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  const program: Program = {
    base,
    output: () => output,
    stop: async () => {
      running.delete(program)
      if (child.exitCode === null) process.kill(child.pid!, "SIGTERM")
      await ended
    },
  }
  running.add(program)
  await until("it is ready, or has ended", () => /^ready/m.test(output) || child.exitCode !== null, () => output)
  assert.isNull(child.exitCode, output)
  balancer.add(base)
  return program
}

/** Ends a program as an orchestrator does: it is sent nothing more, then it drains. */
const end = async (program: Program): Promise<void> => {
  await balancer.remove(program.base)
  await program.stop()
}

/** A database without a table for each service; they go with the scope. */
const makeDatabases = async (): Promise<Readonly<Record<string, string>>> => {
  const made = await Promise.all(services.map(async (service) => {
    const { databaseUrl, migrateUrl } = await Effect.runPromise(Scope.provide(emptyDatabase(service), scope))
    const name = service.toUpperCase()
    return {
      [`${name}_DATABASE_URL`]: Redacted.value(databaseUrl),
      [`${name}_MIGRATE_URL`]: Redacted.value(migrateUrl),
    }
  }))
  return Object.assign({}, ...made)
}

/** A client of a service's database, as its owner. */
const openDatabases = (): Site["superuser"] => {
  const clients = new Map<string, Promise<PgClient.PgClient>>()
  const clientOf = (service: string) => {
    const url = Redacted.make(databases[`${service.toUpperCase()}_MIGRATE_URL`]!)
    const client = clients.get(service) ??
      Effect.runPromise(
        PgClient.makeClient(connectionOf(url)).pipe(
          Effect.provide(Reactivity.layer),
          Scope.provide(scope),
        ),
      )
    clients.set(service, client)
    return client
  }
  const sql = async (service: string, statement: string) =>
    await Effect.runPromise((await clientOf(service)).unsafe(statement).unprepared)
  const row = async (service: string, statement: string) => (await sql(service, statement))[0]
  return { sql, row } as Site["superuser"]
}

beforeAll(async () => {
  balancer = startBalancer()
  ;[before, databases, home] = await Promise.all([
    releaseOf(BEFORE.commit, BEFORE.version),
    makeDatabases(),
    mkdtemp(join(tmpdir(), "stint-upgrade-")),
  ])
})
afterAll(async () => {
  await Promise.all([...running].map((program) => program.stop()))
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await Promise.all([balancer.stop(), before?.remove()])
  await rm(home, { recursive: true, force: true })
})

/** What customers were told, to be held against what the programs say later. */
interface Told {
  readonly goals: Array<{ readonly customer: string; readonly hire: string; readonly goal: string }>
  readonly runs: Array<{ readonly goal: string; readonly slot: string }>
  readonly executed: Array<{ readonly customer: string; readonly deliverable: string }>
}

type Call = (service: ServiceName, method: string, path: string, send?: Send) => Promise<Answer>

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
const working = (call: Call, all: ReadonlyArray<Goals>, told: Told) => {
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
const nothingLost = async (call: Call, told: Told): Promise<void> => {
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
const ranOnce = async ({ superuser }: Site, { runs }: Told): Promise<void> => {
  const slots = runs.map(({ goal, slot }) => `('${goal}', '${slot}'::timestamptz)`).join()
  const found = await superuser.row(
    "scheduler",
    `select count(*)::int as runs, count(*) filter (where r.status = 'completed')::int as completed
      from scheduled_goal_runs r join (values ${slots}) w (goal, slot) on r.goal_instance_id = w.goal
      and r.scheduled_time = w.slot`,
  )
  assert.deepStrictEqual(found, { runs: runs.length, completed: runs.length })
}

describe("a rolling upgrade", () => {
  it("D17: 0.2.0 and this program side by side, this one alone, 0.2.0 alone again, and forward: nothing fails, doubles or is lost", async () => {
    const old = await start(before.folder)
    const send = await callerOf(home)
    const call: Call = (service, method, path, sent = {}) => send(`${balancer.urls[service]}${path}`, method, sent)
    site = { stack: { call }, superuser: openDatabases() }
    const told: Told = { goals: [], runs: [], executed: [] }
    const goals = await makeGoals(site, "acme", GOALS)
    const writers = await Promise.all(
      Array.from({ length: CUSTOMERS }, (_, i) => makeGoals(site, `writer-${i}`, 1)),
    )
    const slots: Array<string> = []
    /** A slot falls due while the customers work, and the step is taken before it has run. */
    const meanwhile = async <A>(step: () => Promise<A>): Promise<A> => {
      slots.push(freshSlot())
      const customers = working(call, writers, told)
      await fallDue(site, goals, slots.at(-1)!)
      const done = await step()
      await customers.met()
      await customers.stop()
      await drained(site, 60_000)
      return done
    }

    let mine = await meanwhile(() => start(root))
    // as when a node is replaced: the program of before starts on the schema of after
    const again = await meanwhile(async () => {
      await end(old)
      return await start(before.folder)
    })
    await meanwhile(() => end(again))
    await nothingLost(call, told)
    const back = await meanwhile(async () => {
      const started = await start(before.folder)
      await end(mine)
      return started
    })
    await nothingLost(call, told)
    mine = await meanwhile(async () => {
      const started = await start(root)
      await end(back)
      return started
    })
    await nothingLost(call, told)

    assert.deepStrictEqual(balancer.seen.faults, [])
    await ranOnce(site, told)
    exactlyOnce(await outcomeOf(site, slots), slots.length * GOALS, {
      is: (what, found, wanted) => assert.strictEqual(found, wanted, what),
      that: (holds, otherwise) => assert.isTrue(holds, otherwise),
    })
    await end(mine)
  })
})
