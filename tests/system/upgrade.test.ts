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
import { drained, exactlyOnce, fallDue, freshSlot, makeGoals, outcomeOf, type Site } from "../proofs/Ground.ts"
import { type Balancer, startBalancer } from "../support/Balancer.ts"
import { type Call, nothingLost, ranOnce, type Told, working } from "../support/Customers.ts"
import { emptyDatabase } from "../support/Database.ts"
import { type Release, releaseOf } from "../support/Release.ts"
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
      // its slots are minutes old when they fall due: that alone makes no scheduler unready
      STINT_LATENESS_OBJECTIVE: "86400",
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

/** Everything that is known when something went wrong: what the balancer saw, and the last words of each program. */
const circumstances = (): string =>
  [
    ...balancer.seen.faults.slice(0, 20),
    ...[...running].map(({ base, output }) => `--- ${base}\n${output().slice(-3_000)}`),
  ].join("\n")

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
  home = await mkdtemp(join(tmpdir(), "stint-upgrade-"))
  before = await releaseOf(BEFORE.commit, BEFORE.version)
  databases = await makeDatabases()
})
afterAll(async () => {
  await Promise.all([...running].map((program) => program.stop()))
  await Effect.runPromise(Scope.close(scope, Exit.void))
  await Promise.all([balancer.stop(), before?.remove()])
  await rm(home, { recursive: true, force: true })
})

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
    const attempt = async <A>(step: () => Promise<A>): Promise<A> => {
      slots.push(freshSlot())
      const customers = working(call, writers, told)
      await fallDue(site, goals, slots.at(-1)!)
      const done = await step()
      await customers.met()
      await customers.stop()
      await drained(site, 60_000)
      assert.deepStrictEqual(balancer.seen.faults, [], circumstances())
      return done
    }

    const meanwhile = <A>(step: () => Promise<A>): Promise<A> =>
      attempt(step).catch((error) => Promise.reject(new Error(`${error}\n${circumstances()}`, { cause: error })))

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
