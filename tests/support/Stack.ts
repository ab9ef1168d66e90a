/** The whole stack, as `npm start` runs it, on ports and a home of its own; and the hand that kills parts of it. */
import { openDevKey } from "@stint/cli/DevKey"
import { PORTS } from "@stint/edge/Ports"
import type { Role } from "@stint/domain/Caller"
import { audience, serviceAudience } from "@stint/domain/Tokens"
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { spawn } from "node:child_process"
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Answer, personOf, type Send } from "./Service.ts"
import { UNHURRIED } from "./Unhurried.ts"
import { until } from "./Until.ts"

/** A service of the stack. */
export type ServiceName = keyof typeof PORTS

const root = fileURLToPath(new URL("../..", import.meta.url))

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer().once("error", () => resolve(false))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
  })

/** The locks on the ports that this process gave out: kept, so that no other test takes the same before they are used. */
const taken: Array<Deno.FsFile> = []

/** Whether the base is ours from now on: of all processes that run tests on this machine one has it. */
const take = async (base: number): Promise<boolean> => {
  const locks = join(tmpdir(), "stint-ports")
  await mkdir(locks, { recursive: true })
  const file = await Deno.open(join(locks, String(base)), { write: true, create: true })
  if (!(await file.tryLock(true))) {
    file.close()
    return false
  }
  taken.push(file)
  return true
}

/** A `STINT_PORT_BASE` whose five ports are free, and stay so until they are used. */
export const freePortBase = async (): Promise<number> => {
  for (;;) {
    const base = 12_000 + Math.floor(Math.random() * 700) * 10
    if (await take(base) && (await Promise.all([0, 1, 2, 3, 4].map((n) => isFree(base + n)))).every(Boolean)) {
      return base
    }
  }
}

/** The processes of a group whose command line has a text. */
const processesOf = async (group: number, text: string): Promise<Array<number>> => {
  const found: Array<number> = []
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "")
    const pgrp = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2])
    if (pgrp !== group) continue
    const command = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "")
    if (command.includes(text)) found.push(Number(name))
  }
  return found
}

/** Sends a request to a url's service, as a role and subject (a customer's person as `personOf` reads it), with tokens of a home's key; a service's own is for `callee`. */
export const callerOf = async (home: string) => {
  const key = await openDevKey(home, {})
  const tokens = new Map<string, Promise<string>>()
  const tokenOf = (as: string, callee: string) => {
    const at = as.indexOf(":")
    const [role, subject] = [as.slice(0, at) as Role, as.slice(at + 1)]
    const kept = role === "service" ? `${as} for ${callee}` : as
    if (!tokens.has(kept)) {
      const own = role === "service" ? { audience: serviceAudience(audience, callee) } : {}
      const [person, claims] = personOf(subject)
      tokens.set(kept, key.sign({ role, subject: person, ttl: 3600, ...claims, ...own }))
    }
    return tokens.get(kept)!
  }
  return async (url: string, method: string, send: Send, callee = ""): Promise<Answer> => {
    const headers = new Headers(send.headers)
    if (send.as !== undefined) headers.set("authorization", `Bearer ${await tokenOf(send.as, callee)}`)
    const body = send.raw ?? (send.body === undefined ? undefined : JSON.stringify(send.body))
    if (body !== undefined) headers.set("content-type", "application/json")
    const response = await fetch(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      ...(send.signal === undefined ? {} : { signal: send.signal }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, json: text === "" ? undefined : JSON.parse(text) }
  }
}

/** A stack that somebody runs: its services are called, its databases are looked at. */
export interface ReachedStack {
  readonly home: string
  readonly base: number
  /** Sends a request to a service, as a role and subject. */
  call(service: ServiceName, method: string, path: string, send?: Send): Promise<Answer>
  /** Runs statements in a service's database as the superuser: what a test looks at, or moves in time. */
  sql<A>(service: ServiceName, statement: string): Promise<ReadonlyArray<A>>
}

/** A stack that runs. */
export interface Stack extends ReachedStack {
  /** What it has printed so far. */
  readonly output: () => string
  /** Waits until a service says that it is ready. */
  isReady(service: ServiceName): Promise<void>
  /** SIGKILL, or another signal, to a service's process. */
  kill(service: ServiceName | "gateway", signal?: NodeJS.Signals): Promise<void>
  /** SIGKILL to Postgres: the postmaster, and with it every backend. */
  killPostgres(): Promise<void>
  /** The process ids of a service. */
  pids(service: ServiceName | "gateway"): Promise<ReadonlyArray<number>>
  /** The process id of the launcher itself. */
  launcher(): Promise<number>
  /** SIGTERM to all, then the home is removed. More than once does no harm. */
  stop(options?: { readonly keepHome?: boolean }): Promise<void>
}

/** Reaches the stack of a home, which somebody runs on ports from `base` on. */
export const reachStack = async (home: string, base: number): Promise<ReachedStack> => {
  const call = await callerOf(home)
  return {
    home,
    base,
    call: (service, method, path, send = {}) =>
      call(`http://127.0.0.1:${base + PORTS[service]}${path}`, method, send, service),
    sql: async <A>(service: ServiceName, statement: string) => {
      const { password, port, user } = JSON.parse(await readFile(join(home, "postgres.json"), "utf8"))
      return Effect.runPromise(
        Effect.flatMap(PgClient.PgClient, (sql) => sql.unsafe(statement).unprepared).pipe(
          Effect.provide(PgClient.layer({
            url: Redacted.make(`postgres://${user}:${password}@127.0.0.1:${port}/stint_${service}`),
            maxConnections: 1,
            // on a machine that has other things to do as well
            connectTimeout: "60 seconds",
          })),
        ),
      ) as Promise<ReadonlyArray<A>>
    },
  }
}

/** Starts it, in a new home unless one is given, and waits until it says that it is ready. */
export const startStack = async (env: Record<string, string> = {}, givenHome?: string): Promise<Stack> => {
  const home = givenHome ?? await mkdtemp(join(tmpdir(), "stint-stack-"))
  const base = await freePortBase()
  let output = ""
  const launcher = spawn("node", ["apps/cli/bin/stint.js", "start", "--no-sample"], {
    cwd: root,
    detached: true,
    // as if npm had started it, so that it ends with us when a run of the tests is killed
    env: {
      ...process.env,
      npm_lifecycle_event: "start",
      STINT_HOME: home,
      STINT_PORT_BASE: String(base),
      STINT_BOUNDS: UNHURRIED,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  })
  for (const stream of [launcher.stdout, launcher.stderr]) stream.on("data", (chunk) => output += chunk)
  const ended = new Promise<void>((resolve) => launcher.once("exit", () => resolve()))
  const group = launcher.pid!
  const end = () => {
    try {
      // one that a test made stand still would not hear it
      process.kill(-group, "SIGCONT")
      process.kill(-group, "SIGTERM")
    } catch { /* it has ended */ }
    return ended
  }
  await until(
    "the stack says that it is ready, or ends",
    () => /^ready/m.test(output) || launcher.exitCode !== null,
    () => output,
  ).catch(async (error) => {
    await end()
    throw error
  })
  if (launcher.exitCode !== null) throw new Error(`the stack did not start:\n${output}`)
  const pids = (name: ServiceName | "gateway") =>
    processesOf(group, `${name === "gateway" ? "apps" : "services"}/${name}/src/main.`)
  return {
    ...await reachStack(home, base),
    output: () => output,
    pids,
    isReady: async (service) => {
      const url = `http://127.0.0.1:${base + PORTS[service]}/readyz`
      await until(`${service} is ready`, async () => {
        const answer = await fetch(url)
        await answer.body?.cancel()
        return answer.status === 200
      }, () => output)
    },
    kill: async (service, signal = "SIGKILL") => {
      for (const pid of await pids(service)) process.kill(pid, signal)
    },
    killPostgres: async () => {
      const pid = Number((await readFile(join(home, "postgres", "postmaster.pid"), "utf8")).split("\n")[0])
      process.kill(pid, "SIGKILL")
    },
    launcher: async () => (await processesOf(group, "apps/cli/src/main."))[0]!,
    stop: async ({ keepHome = false } = {}) => {
      await end()
      if (!keepHome) await rm(home, { recursive: true, force: true })
    },
  }
}
