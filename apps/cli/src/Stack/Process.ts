import { instanceHeader } from "@stint/edge/Serve/Instance"
import { stripVTControlCharacters } from "node:util"
import { root } from "../Home.ts"
import { linesOf, type Output } from "../Output.ts"
import { LauncherError } from "../Postgres/LauncherError.ts"
import { pause } from "../Postgres/Postmaster.ts"
import type { Launch } from "./Launch.ts"
import type { ServiceName } from "./Settings.ts"

/** How long a service may take until it can do its work, in milliseconds. */
const START_MS = 60_000

/** Between two questions whether a service can do its work, in milliseconds. */
const POLL_MS = 20

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

/** The line that says what is wrong: of an uncaught error the first, which its stack follows, else the last. */
export const complaintOf = (said: ReadonlyArray<string>): string => {
  const lines = said.map(stripVTControlCharacters).filter((line) => line.trim() !== "")
  return lines.find((line) => /^(error: |Uncaught |\w*Error: )/.test(line)) ??
    lines.findLast((line) => !/^\s/.test(line)) ?? lines.at(-1) ?? "nothing"
}

/** Waits 0.2 s before the first new start and twice as long before each further one, up to 5 s. */
const backoff = (failures: number): number => Math.min(200 * 2 ** (failures - 1), 5_000)

/** What to supervise. */
export interface Task {
  readonly name: ServiceName
  readonly url: string
  readonly launch: Launch
  /** The variables that it is given when it may begin; until then it loads its code, and waits. */
  readonly rest: Promise<Readonly<Record<string, string>>>
}

/**
 * Starts a service and starts it again whenever it ends. Its lines are passed on with its name in front. The service
 * ends by itself when this process does, however that dies: the pipe to its standard input closes.
 */
export const supervise = ({ launch, name, rest, url }: Task, output: Output): Supervised => {
  const up = Promise.withResolvers<void>()
  up.promise.catch(() => {})
  const lost = Promise.withResolvers<LauncherError>()
  const halt = Promise.withResolvers<void>()
  let stopping = false
  let worked = false
  let child: Deno.ChildProcess | undefined

  const release = async ({ stdin, status }: Deno.ChildProcess, instance: string): Promise<void> => {
    const writer = stdin.getWriter()
    // Held open: its end would be our death to the service
    status.finally(() => writer.close().catch(() => {}))
    try {
      await writer.write(new TextEncoder().encode(`${JSON.stringify({ ...await rest, STINT_INSTANCE: instance })}\n`))
    } catch { /* it has ended, or there is nothing to begin with: whoever waits for that is told elsewhere */ }
  }

  const spawn = (instance: string) => {
    const spawned = new Deno.Command(Deno.execPath(), {
      args: [...launch.args],
      env: launch.env,
      clearEnv: true,
      cwd: root,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn()
    const said: Array<string> = []
    const pass = (line: string) => {
      said.push(line)
      if (said.length > KEPT_LINES) said.shift()
      output.line(`${name.padEnd(12)} | ${line}`)
    }
    const read = Promise.all([spawned.stdout, spawned.stderr].map((stream) => linesOf(stream, pass).catch(() => {})))
    void release(spawned, instance)
    return { spawned, said, read }
  }

  /** Says so once the process can do its work; gives up when it has ended. */
  const watch = async (ended: Promise<unknown>, instance: string): Promise<void> => {
    let over = false
    ended.finally(() => over = true)
    await rest.catch(() => over = true)
    const end = Date.now() + START_MS
    for (; !over && !stopping; await pause(POLL_MS)) {
      const why = await unready(url, instance)
      if (over || stopping) return
      if (why === undefined) {
        if (worked) output.line(`${name} is back at ${url}`)
        worked = true
        return up.resolve()
      }
      if (Date.now() > end && !worked) {
        return up.reject(new LauncherError(`${name} can't do its work after ${START_MS / 1000} s: ${why}.`))
      }
    }
  }

  const run = async (): Promise<void> => {
    for (let failures = 0; !stopping;) {
      const began = Date.now()
      const instance = crypto.randomUUID()
      const { read, said, spawned } = spawn(instance)
      child = spawned
      const ended = spawned.status
      void watch(ended, instance)
      const { code, signal } = await ended
      // A Ctrl-C reaches the services as soon as it reaches us; and whatever holds a pipe open is not waited for
      await Promise.all([pause(30), Promise.race([read, pause(500)])])
      if (stopping) return
      if (said.some((line) => line.startsWith(`${name}: port ${new URL(url).port} is in use`))) {
        const taken = new LauncherError(
          `Port ${new URL(url).port}, which ${name} needs, was taken by another program: ` +
            "stop what listens there, or set STINT_PORT_BASE.",
        )
        lost.resolve(taken)
        return up.reject(taken)
      }
      failures = Date.now() - began > 10_000 ? 1 : failures + 1
      const how = signal === null ? `with exit status ${code}` : `by ${signal}`
      if (!worked && failures >= FALSE_STARTS) {
        return up.reject(new LauncherError(`${name} can't be started, it ended ${how}; it said: ${complaintOf(said)}`))
      }
      output.line(`${name} ended ${how}: starting it again in ${backoff(failures) / 1000} s`)
      await Promise.race([pause(backoff(failures)), halt.promise])
    }
  }
  const running = run()
  const signal = (name: Deno.Signal): void => {
    try {
      child?.kill(name)
    } catch { /* it has ended */ }
  }
  return {
    up: up.promise,
    lost: lost.promise,
    stop: () => {
      stopping = true
      halt.resolve()
      signal("SIGTERM")
      return running
    },
    kill: () => signal("SIGKILL"),
  }
}
