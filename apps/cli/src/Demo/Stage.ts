/** Where the demo plays: a stack of its own, as `stint start --no-sample` makes it, in a home that goes away again. */
import { randomBytes } from "node:crypto"
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { root } from "../Home.ts"
import { linesOf } from "../Output.ts"
import { isFree } from "../Postgres/FreePort.ts"
import { readRecord } from "../Postgres/Home.ts"
import { endPostmaster, isAlive, pause, readPostmaster } from "../Postgres/Postmaster.ts"
import { PORTS } from "@stint/edge/Ports"
import { type ServiceName, serviceNames } from "../Stack/Settings.ts"
import { DemoError, sentenceOf } from "./DemoError.ts"
import { descendantWith } from "./Processes.ts"

/** The name under which the webhook's secret stands in the file of secrets, and the secret. */
export interface WebhookSecret {
  readonly ref: string
  readonly value: string
}

/** A stack that was begun. */
export interface Stage {
  readonly home: string
  readonly portBase: number
  readonly urls: Readonly<Record<ServiceName, string>>
  readonly secret: WebhookSecret
  /** Rejected with the launcher's own words when it ended though nobody asked it to. */
  readonly lost: Promise<never>
  /** The first line of the launcher, from now on, that a pattern matches. */
  line(pattern: RegExp): Promise<string>
  /** Its last lines: what a person needs who looks for the reason of a failure. */
  lastLines(): ReadonlyArray<string>
  /** The process of a service; fails with a DemoError when there is none. */
  processOf(service: ServiceName): Promise<number>
  /**
   * Ends all of it within so many milliseconds, by force in the last four seconds or once `hurry` is fulfilled, and removes
   * the home. What was left all the same, in words.
   */
  end(milliseconds: number, hurry: Promise<void>): Promise<ReadonlyArray<string>>
}

/** What a process needs of the environment whatever it does; nothing else may reach the demo's stack. */
const passedOn = ["PATH", "HOME", "USER", "TMPDIR", "LANG", "XDG_CACHE_HOME", "DENO_DIR"] as const

/** How long the stack may take to end once it was asked to hurry, in milliseconds. */
const HURRY_MS = 1_500

const portsOf = (base: number): ReadonlyArray<number> => serviceNames.map((service) => base + PORTS[service])

/** A base whose ports are free, 20 apart from 5300 on. */
const freeBase = (): number => {
  for (let base = 5_300; base < 9_300; base += 20) if (portsOf(base).every(isFree)) return base
  throw new DemoError("No free ports were found from 5300 to 9300.")
}

/** Starts the launcher in a group of its own: a terminal's Ctrl-C is the demo's alone, which ends the stack in order. */
const launch = (env: Readonly<Record<string, string>>): Deno.ChildProcess => {
  try {
    return new Deno.Command("node", {
      args: [bin, "start", "--no-sample"],
      clearEnv: true,
      env: { ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn()
  } catch (error) {
    throw new DemoError(`The stack can't be started with node: ${sentenceOf(error)}`)
  }
}

const bin = join(root, "apps/cli/bin/stint.js")

/** Starts the stack; `webhookHost` is the one host that it may call. It is there at once, and ready later. */
export const openStage = async (
  env: Readonly<Record<string, string | undefined>>,
  webhookHost: string,
): Promise<Stage> => {
  const home = await realpath(await mkdtemp(join(tmpdir(), "stint-demo-")))
  return await furnish(home, env, webhookHost).catch(async (error) => {
    await rm(home, { recursive: true, force: true })
    throw error
  })
}

/** The lines of a launcher, while they come. */
interface Lines {
  /** The last 200. */
  readonly kept: ReadonlyArray<string>
  /** Fulfilled when its output is read to the end. */
  readonly read: Promise<unknown>
  readonly line: Stage["line"]
}

const listenTo = (child: Deno.ChildProcess): Lines => {
  const kept: Array<string> = []
  const waiting = new Set<(line: string) => void>()
  const take = (line: string) => {
    kept.push(line)
    if (kept.length > 200) kept.shift()
    for (const each of waiting) each(line)
  }
  const read = Promise.all([child.stdout, child.stderr].map((stream) => linesOf(stream, take).catch(() => {})))
  const line = (pattern: RegExp) =>
    new Promise<string>((resolve) => {
      const look = (line: string) => {
        if (!pattern.test(line)) return
        waiting.delete(look)
        resolve(line)
      }
      waiting.add(look)
    })
  return { kept, read, line }
}

/** Whether the launcher was asked to end, and whether it has ended. */
interface State {
  ending: boolean
  ended: boolean
}

/** Rejected with the launcher's own words when it ended though nobody asked it to. */
const lossOf = (child: Deno.ChildProcess, { kept, read }: Lines, state: State): Promise<never> => {
  const lost = child.status.then(async ({ code }) => {
    state.ended = true
    await read
    if (state.ending) return await new Promise<never>(() => {})
    const why = kept.findLast((line) => line.startsWith("stint: "))?.slice("stint: ".length)
    throw new DemoError(`The stack ended with exit status ${code}: ${why ?? kept.at(-1) ?? "it said nothing"}`)
  })
  lost.catch(() => {})
  return lost
}

const signal = (name: Deno.Signal, target: number) => {
  try {
    Deno.kill(target, name)
  } catch { /* it has ended */ }
}

/** Ends the launcher, by force if it must be. What was left, in words. */
const endLauncher = async (
  { pid }: Deno.ChildProcess,
  state: State,
  milliseconds: number,
  hurry: Promise<void>,
): Promise<ReadonlyArray<string>> => {
  const until = async (milliseconds: number) => {
    for (const limit = Date.now() + milliseconds; !state.ended && Date.now() < limit;) await pause(20)
  }
  state.ending = true
  const began = Date.now()
  signal("SIGTERM", pid)
  await Promise.race([until(milliseconds - 4_000), hurry])
  // Its second signal is one to hurry
  if (!state.ended) signal("SIGTERM", pid)
  await until(HURRY_MS)
  if (state.ended) return []
  const took = ((Date.now() - began) / 1000).toFixed(1)
  signal("SIGKILL", -pid)
  await until(500)
  return [`the stack did not end within ${took} s and was killed`]
}

/** Ends a Postgres that the launcher left running, and removes the folders. What was left, in words. */
const removeHome = async (home: string): Promise<ReadonlyArray<string>> => {
  const left: Array<string> = []
  const record = await readRecord(home).catch(() => undefined)
  const data = join(record?.base ?? home, "postgres")
  const postmaster = await readPostmaster(data)
  if (postmaster !== undefined && isAlive(postmaster.pid)) {
    left.push("Postgres was left running")
    await endPostmaster(postmaster.pid, data, 500, () => {})
  }
  for (const folder of [home, record?.base, record?.socketDir]) {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true }).catch((e) => left.push(String(e)))
  }
  return left
}

const furnish = async (
  home: string,
  env: Readonly<Record<string, string | undefined>>,
  webhookHost: string,
): Promise<Stage> => {
  const portBase = freeBase()
  const secret = { ref: "smile-dental-webhook", value: `whsec_${randomBytes(32).toString("base64")}` }
  const secrets = join(home, "secrets.json")
  await writeFile(secrets, JSON.stringify({ asha: { [secret.ref]: secret.value } }), { mode: 0o600 })
  const child = launch({
    ...Object.fromEntries(passedOn.flatMap((name) => env[name] === undefined ? [] : [[name, env[name]]])),
    NO_COLOR: "1",
    STINT_HOME: home,
    STINT_PORT_BASE: String(portBase),
    STINT_SECRETS: secrets,
    STINT_WEBHOOK_HOSTS: webhookHost,
    // As a script of npm it also ends when we are killed
    npm_lifecycle_event: "demo",
  })
  const lines = listenTo(child)
  const state: State = { ending: false, ended: false }
  return {
    home,
    portBase,
    urls: Object.fromEntries(
      serviceNames.map((service) => [service, `http://127.0.0.1:${portBase + PORTS[service]}`]),
    ) as Stage["urls"],
    secret,
    lost: lossOf(child, lines, state),
    line: lines.line,
    lastLines: () => lines.kept.slice(-15),
    processOf: async (service) => {
      const found = await descendantWith(child.pid, `services/${service}/src/main.`)
      if (found === undefined) throw new DemoError(`There is no process of ${service}.`)
      return found
    },
    end: async (milliseconds, hurry) => [
      ...await endLauncher(child, state, milliseconds, hurry),
      ...await removeHome(home),
      ...portsOf(portBase).filter((port) => !isFree(port)).map((port) => `port ${port} is still in use`),
    ],
  }
}
