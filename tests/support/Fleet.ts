/**
 * Schedulers as processes of their own over the databases of one stack: started as the launcher starts its one, with the
 * same permissions, for whoever wants to kill, freeze and start them again. Each has a database role of its own, which may
 * what the scheduler's may, so that the database can tell which of them wrote.
 */
import { jwksFileOf, revokedFileOf } from "@stint/cli/DevKey/Store"
import { root } from "@stint/cli/Home"
import { programs } from "@stint/cli/Programs"
import { launchOf, manifestOf } from "@stint/cli/Stack/Launch"
import { serviceTokenFileOf } from "@stint/cli/Stack/ServiceTokens"
import { settingsOf } from "@stint/cli/Stack/Settings"
import { PORTS } from "@stint/edge/Ports"
import { spawn } from "node:child_process"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Answer, Send } from "./Service.ts"
import { callerOf, freePortBase, type Stack } from "./Stack.ts"
import { standStill } from "./StandStill.ts"
import type { Superuser } from "./Superuser.ts"
import { UNHURRIED } from "./Unhurried.ts"
import { until } from "./Until.ts"

/** A scheduler's process. */
export interface Replica {
  /** Its database role, by which the database knows it. */
  readonly role: string
  readonly pid: number
  /** What it has printed so far. */
  readonly output: () => string
  /** Fulfilled when it has ended. */
  readonly ended: Promise<void>
  signal(name: NodeJS.Signals): void
  /** Sends it a request, as a role and subject. */
  call(method: string, path: string, send?: Send): Promise<Answer>
  /** Waits until it says that it is ready, or has ended; fails after two minutes. */
  isReady(): Promise<void>
}

/** Schedulers that run, and how to have more of them. */
export interface Fleet {
  /** Starts one, in its place the one that had that number before; `env` adds to its environment. */
  start(number: number, env?: Readonly<Record<string, string>>): Promise<Replica>
  /** Ends all that run, at once. */
  stop(): Promise<void>
}

/**
 * Puts the stack's own scheduler to sleep, which must hold nothing at that moment, so that the fleet's are the only ones.
 * `end` wakes it.
 */
export const sleepOwnScheduler = async (
  stack: Stack,
  superuser: Superuser,
): Promise<{ readonly end: () => Promise<void> }> => {
  await standStill(superuser, "stint_scheduler", (signal) => stack.kill("scheduler", signal))
  return { end: () => stack.kill("scheduler", "SIGCONT") }
}

/** A fleet over a stack's databases; it has no replica yet. */
export const openFleet = async (stack: Stack, superuser: Superuser): Promise<Fleet> => {
  const [call, manifest] = await Promise.all([
    callerOf(stack.home),
    manifestOf("scheduler"),
  ])
  const { port } = JSON.parse(await readFile(join(stack.home, "postgres.json"), "utf8"))
  // as the stack itself runs them
  const bundle = await programs(false)
  const bundled = bundle === undefined ? {} : { STINT_PROGRAMS: bundle, DENO_DIR: join(bundle, "deno") }
  const running = new Set<Replica>()
  const roles = new Map<number, { readonly role: string; readonly url: string; readonly portBase: number }>()

  const roleOf = async (number: number) => {
    const known = roles.get(number)
    if (known !== undefined) return known
    const role = `stint_scheduler_${number}`
    const password = crypto.randomUUID()
    // another fleet of the stack may have had a replica of that number
    await superuser.sql("postgres", `drop role if exists ${role}`)
    await superuser.sql("postgres", `create role ${role} login in role stint_scheduler password '${password}'`)
    const made = {
      role,
      url: `postgres://${role}:${password}@127.0.0.1:${port}/stint_scheduler`,
      portBase: await freePortBase(),
    }
    roles.set(number, made)
    return made
  }

  const start: Fleet["start"] = async (number, env = {}) => {
    const { portBase, role, url } = await roleOf(number)
    const stackUrl = (service: "deliverables" | "hiring") => `http://127.0.0.1:${stack.base + PORTS[service]}`
    const settings = settingsOf({
      ...Deno.env.toObject(),
      ...bundled,
      STINT_HOME: stack.home,
      STINT_PORT_BASE: String(portBase),
      STINT_BOUNDS: UNHURRIED,
      DELIVERABLES_URL: stackUrl("deliverables"),
      HIRING_URL: stackUrl("hiring"),
      ...env,
    })
    const launch = launchOf(settings, "scheduler", manifest, {
      databaseHost: `127.0.0.1:${port}`,
      jwksFile: jwksFileOf(stack.home),
      revokedFile: revokedFileOf(stack.home),
      tokenFile: serviceTokenFileOf(stack.home, "scheduler"),
    })
    const child = spawn(Deno.execPath(), [...launch.args], { cwd: root, env: { ...launch.env }, stdio: "pipe" })
    let output = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output += chunk)
    // held open: its end is our death to the service, which then ends as well
    child.stdin.on("error", () => {})
    child.stdin.write(`${JSON.stringify({ SCHEDULER_DATABASE_URL: url })}\n`)
    const address = `http://127.0.0.1:${portBase + PORTS.scheduler}`
    let over = false
    const ended = new Promise<void>((resolve) =>
      child.once("exit", () => {
        over = true
        running.delete(replica)
        resolve()
      })
    )
    const replica: Replica = {
      role,
      pid: child.pid!,
      output: () => output,
      ended,
      signal: (name) => {
        if (!over) process.kill(child.pid!, name)
      },
      call: (method, path, send = {}) => call(`${address}${path}`, method, send),
      isReady: async () => {
        await until(`${role} is ready, or has ended`, async () => {
          if (over) return true
          const answer = await fetch(`${address}/readyz`)
          await answer.body?.cancel()
          return answer.ok
        }, () => output)
      },
    }
    running.add(replica)
    return replica
  }

  return {
    start,
    stop: async () => {
      const all = [...running]
      for (const replica of all) replica.signal("SIGKILL")
      await Promise.all(all.map(({ ended }) => ended))
    },
  }
}
