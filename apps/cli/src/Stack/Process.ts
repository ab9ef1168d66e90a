import { instanceHeader, listensLine } from "@stint/edge/Serve/Instance"
import { stripVTControlCharacters } from "node:util"
import { root } from "../Home.ts"
import { linesOf, type Output } from "../Output.ts"
import { LauncherError } from "../Postgres/LauncherError.ts"
import { pause } from "../Postgres/Postmaster.ts"
import type { Launch } from "./Launch.ts"
import type { ProcessName } from "./Settings.ts"

/** How long a service may take until it can do its work, in milliseconds. */
const START_MS = 60_000

/**
 * Between two questions whether a service can do its work, in milliseconds. Once it listens the second comes soon and each further
 * one later, since its answers cost it time that it needs for its start; before it says so they are rare.
 */
const POLL_MS = 20
const POLL_MORE = 1.5
const UNHEARD_MS = 200

/** How often in a row a service may end before it ever worked. */
const FALSE_STARTS = 3

/** How many of a process's last lines are kept to find the reason of its end among them. */
const KEPT_LINES = 200

/** A process of a service, kept running. */
export interface Supervised {
  /** Fulfilled when the service can do its work for the first time; rejected with a LauncherError when it never will. */
  readonly up: Promise<void>
  /** Fulfilled with the reason when it can't go on: another program took its port. Never rejected. */
  readonly lost: Promise<LauncherError>
  /** Asks it to finish what it does and end; fulfilled when it has ended. */
  stop(): Promise<void>
  /** Ends it at once. */
  kill(): void
}

/** Why a process of a service can't do its work yet, in its own words; undefined when it can. */
const unready = async (url: string, instance: string): Promise<string | undefined> => {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) })
    if (response.headers.get(instanceHeader) !== instance) {
      await response.body?.cancel()
      return "another program answers on its port"
    }
    const { checks = {} } = await response.json() as { readonly checks?: Record<string, string> }
    if (response.ok) return undefined
    return Object.entries(checks).filter(([, result]) => result !== "ok").map(([name, why]) => `${name}: ${why}`).join(
      "; ",
    )
  } catch {
    return "it does not answer"
  }
}

/** Whether anything listens there: another program may have the port. It costs a tenth of a request. */
const isTaken = async (url: string): Promise<boolean> => {
  const { hostname, port } = new URL(url)
  try {
    const connection = await Deno.connect({ hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port) })
    connection.close()
    return true
  } catch {
    return false
  }
}

/** The line that says what is wrong: of an uncaught error the first, which its stack follows, else the last. */
export const complaintOf = (said: ReadonlyArray<string>): string => {
  const lines = said.map(stripVTControlCharacters).filter((line) => line.trim() !== "")
  return lines.find((line) => /^(error: |Uncaught |\w*Error: )/.test(line)) ??
    lines.findLast((line) => !/^\s/.test(line)) ?? lines.at(-1) ?? "nothing"
}

/** For how long a process has to last for its end to count as a first one again, in milliseconds. */
const LASTED_MS = 10_000

/**
 * How often a service has ended in a row, once a process of it has ended that lasted so long. Before it ever worked every
 * end counts: on a slow machine a start that is refused may take long, and would be tried again for ever.
 */
export const failuresAfter = (failures: number, worked: boolean, lastedMs: number): number =>
  worked && lastedMs > LASTED_MS ? 1 : failures + 1

/** Waits 0.2 s before the first new start and twice as long before each further one, up to 5 s. */
const backoff = (failures: number): number => Math.min(200 * 2 ** (failures - 1), 5_000)

/** What to supervise. */
export interface Task {
  readonly name: ProcessName
  readonly url: string
  /** Asked before each start: what it was started with may be gone. */
  readonly launch: () => Launch
  /** The variables that it is given when it may begin; until then it loads its code, and waits. */
  readonly rest: Promise<Readonly<Record<string, string>>>
  /** Asked after a process that ended before the service ever worked: what it lacked may be made before the next. May fail with a LauncherError. */
  readonly mend?: () => Promise<unknown>
}

/** A service over all of its processes, one after the other. */
interface Service {
  readonly task: Task
  readonly output: Output
  readonly up: PromiseWithResolvers<void>
  readonly lost: PromiseWithResolvers<LauncherError>
  /** Fulfilled when it is to end: cuts the wait for a new start short. */
  readonly halt: PromiseWithResolvers<void>
  /** Whether it was asked to end. */
  stopping: boolean
  /** Whether one of its processes could do its work. */
  worked: boolean
  child: Deno.ChildProcess | undefined
}

/** A process of a service, and its last lines. */
interface Spawned {
  readonly child: Deno.ChildProcess
  readonly said: ReadonlyArray<string>
  /** Fulfilled when it says that it listens. */
  readonly listening: Promise<void>
  /** Fulfilled when its output is read to the end. */
  readonly read: Promise<unknown>
}

/** Gives a process the rest of its variables once they are known; until then it loads its code, and waits. */
const begin = async (
  { stdin, status }: Deno.ChildProcess,
  rest: Task["rest"],
  instance: string,
): Promise<void> => {
  const writer = stdin.getWriter()
  // Stays open while the process runs: a service ends when its standard input closes
  status.finally(() => writer.close().catch(() => {}))
  try {
    await writer.write(new TextEncoder().encode(`${JSON.stringify({ ...await rest, STINT_INSTANCE: instance })}\n`))
  } catch { /* the process has ended, or `rest` failed: the start reports either itself */ }
}

const spawn = ({ output, task: { launch, name, rest } }: Service, instance: string): Spawned => {
  const { args, env } = launch()
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    env,
    clearEnv: true,
    cwd: root,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn()
  const said: Array<string> = []
  const { promise: listening, resolve: listens } = Promise.withResolvers<void>()
  const pass = (line: string) => {
    if (line.startsWith(listensLine(name, ""))) return listens()
    said.push(line)
    if (said.length > KEPT_LINES) said.shift()
    // a record of JSON names its service itself
    output.line(env.STINT_LOG === "json" ? line : `${name.padEnd(12)} | ${line}`)
  }
  const read = Promise.all([child.stdout, child.stderr].map((stream) => linesOf(stream, pass).catch(() => {})))
  void begin(child, rest, instance)
  return { child, said, listening, read }
}

/** Fulfils `up` once the process can do its work; gives up when it has ended, or needs too long for its first time. */
const watch = async (
  service: Service,
  { child, listening }: Pick<Spawned, "child" | "listening">,
  instance: string,
): Promise<void> => {
  const { output, task: { name, rest, url }, up } = service
  let over = false
  let heard = false
  listening.then(() => heard = true)
  child.status.finally(() => over = true)
  await rest.catch(() => over = true)
  const end = Date.now() + START_MS
  let between = POLL_MS
  const wait = () =>
    heard ? pause(between = Math.min(between * POLL_MORE, UNHEARD_MS)) : Promise.race([listening, pause(UNHEARD_MS)])
  for (; !over && !service.stopping; await wait()) {
    // A service that listens answers once its layers are built: one request waits for that
    const why = heard || await isTaken(url) ? await unready(url, instance) : "it does not answer"
    if (over || service.stopping) return
    if (why === undefined) {
      if (service.worked) output.line(`${name} is back at ${url}`)
      service.worked = true
      return up.resolve()
    }
    if (Date.now() > end && !service.worked) {
      return up.reject(new LauncherError(`${name} can't do its work after ${START_MS / 1000} s: ${why}.`))
    }
  }
}

/** That another program has the port of the service, if its process ended because of that. */
const takenPort = ({ name, url }: Task, said: ReadonlyArray<string>): LauncherError | undefined => {
  const { port } = new URL(url)
  if (!said.some((line) => line.startsWith(`${name}: port ${port} is in use`))) return undefined
  return new LauncherError(
    `Port ${port}, which ${name} needs, was taken by another program: stop what listens there, or set STINT_PORT_BASE.`,
  )
}

/** Runs one process after the other until the service is asked to end or can't go on. */
const keepRunning = async (service: Service): Promise<void> => {
  const { halt, lost, output, task, up } = service
  for (let failures = 0; !service.stopping;) {
    const began = Date.now()
    const instance = crypto.randomUUID()
    const process = spawn(service, instance)
    const { child, read, said } = process
    service.child = child
    void watch(service, process, instance)
    const { code, signal } = await child.status
    // A Ctrl-C reaches the services as soon as it reaches us; and whatever holds a pipe open is not waited for, but a busy
    // machine may read late what the process said: why it ended
    await Promise.all([pause(30), Promise.race([read, pause(5_000)])])
    if (service.stopping) return
    const taken = takenPort(task, said)
    if (taken !== undefined) {
      lost.resolve(taken)
      return up.reject(taken)
    }
    failures = failuresAfter(failures, service.worked, Date.now() - began)
    const how = signal === null ? `with exit status ${code}` : `by ${signal}`
    if (!service.worked && failures >= FALSE_STARTS) {
      const why = `${task.name} can't be started, it ended ${how}; it said: ${complaintOf(said)}`
      return up.reject(new LauncherError(why))
    }
    if (!service.worked) {
      try {
        await Promise.race([task.mend?.(), halt.promise])
      } catch (error) {
        return up.reject(error)
      }
    }
    output.line(`${task.name} ended ${how}: starting it again in ${backoff(failures) / 1000} s`)
    await Promise.race([pause(backoff(failures)), halt.promise])
  }
}

/**
 * Starts a service and starts it again whenever it ends. Its lines are passed on with its name in front. The service
 * ends by itself when this process does, however that dies: the pipe to its standard input closes.
 */
export const supervise = (task: Task, output: Output): Supervised => {
  const service: Service = {
    task,
    output,
    up: Promise.withResolvers(),
    lost: Promise.withResolvers(),
    halt: Promise.withResolvers(),
    stopping: false,
    worked: false,
    child: undefined,
  }
  // Avoids an unhandled rejection: a waiter may come later
  service.up.promise.catch(() => {})
  const running = keepRunning(service)
  const signal = (name: Deno.Signal): void => {
    try {
      service.child?.kill(name)
    } catch { /* it has ended */ }
  }
  return {
    up: service.up.promise,
    lost: service.lost.promise,
    stop: () => {
      service.stopping = true
      service.halt.resolve()
      signal("SIGTERM")
      return running
    },
    kill: () => signal("SIGKILL"),
  }
}
