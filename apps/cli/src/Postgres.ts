import type { ChildProcess } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import { readFile, rename, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { type Account, chooseAccount, type RootWay, spawnAs } from "./Postgres/Account.ts"
import { type Binaries, binariesFor } from "./Postgres/Binaries.ts"
import { clusterIn } from "./Postgres/Cluster.ts"
import {
  baseFor,
  lockHome,
  type Memory,
  newMemory,
  openHome,
  readMemory,
  socketDirFor,
  writeMemory,
} from "./Postgres/Home.ts"
import { LauncherError, reasonOf } from "./Postgres/LauncherError.ts"
import {
  endPostmaster,
  isAlive,
  isPostmasterOf,
  pause,
  type Postmaster,
  probe,
  readPostmaster,
} from "./Postgres/Postmaster.ts"

/** How to start the embedded Postgres. */
export interface PostgresOptions {
  /** The folder of everything that this stack stores; it may hold other files. Data lives in `postgres` below it. */
  readonly home: string
  /** Takes one line for a person whenever something happens that was not asked for. */
  readonly log: (line: string) => void
  /** How to run as root; by default what STINT_POSTGRES_ROOT_WAY says, else a user namespace, then an unprivileged user. */
  readonly rootWay?: RootWay
  /** How long a start may take, recovery after a crash included, in milliseconds. Default 60,000. */
  readonly startTimeout?: number
  /** Settings that differ from the launcher's own; a test may give up durability. */
  readonly settings?: Readonly<Record<string, string>>
  /** How long the fast shutdown may take before it becomes an immediate one, in milliseconds. Default 20,000. */
  readonly stopTimeout?: number
}

/** A Postgres that accepts connections. It is started again, on the same port, should it end before `stop`. */
export interface RunningPostgres {
  readonly host: "127.0.0.1"
  readonly port: number
  readonly socketDir: string
  readonly superuser: { readonly user: string; readonly password: string }
  /** Whether it was running already, left behind by a launcher that was killed. */
  readonly adopted: boolean
  /** Fulfilled when Postgres ended and could not be started again: the reason. Never rejected. */
  readonly lost: Promise<LauncherError>
  /** Ends Postgres and gives the home back. May be called more than once. */
  stop(): Promise<void>
}

interface Site {
  readonly account: Account
  readonly binaries: Binaries
  readonly data: string
  readonly socketDir: string
  readonly logFile: string
  readonly log: (line: string) => void
  readonly settings: Readonly<Record<string, string>>
  readonly startTimeout: number
  readonly stopTimeout: number
}

/** Small, for a machine that has other things to do; durability stays as Postgres has it. */
const settings = {
  listen_addresses: "127.0.0.1",
  unix_socket_permissions: "0700",
  max_connections: "100",
  shared_buffers: "128MB",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  log_line_prefix: "%m [%p] %d ",
  log_checkpoints: "off",
  io_method: "sync",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_logical_replication_workers: "0",
}

const isFree = (port: number): boolean => {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close()
    return true
  } catch {
    return false
  }
}

const freePort = (): number => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 })
  listener.close()
  return (listener.addr as Deno.NetAddr).port
}

/** What Postgres wrote last since `from` that says why it ended. */
const lastWords = async (logFile: string, from: number): Promise<string> => {
  const lines = (await readFile(logFile).catch(() => new Uint8Array()))
    .subarray(from).toString().split("\n").filter((line) => line.trim() !== "")
  const line = lines.findLast((line) => /FATAL:|PANIC:|unshare:/.test(line)) ?? lines.at(-1)
  return line === undefined ? "it wrote nothing" : line.replace(/^.*?(LOG|FATAL|PANIC): */, "")
}

/** Spawns Postgres and waits until it accepts connections. */
const launch = async (site: Site, port: number): Promise<{ postmaster: Postmaster; child: ChildProcess }> => {
  const from = await stat(site.logFile).then((info) => info.size, () => 0)
  const file = openSync(site.logFile, "a", 0o600)
  const chosen = Object.entries({ ...site.settings, port: String(port), unix_socket_directories: site.socketDir })
  const args = ["-D", site.data, ...chosen.flatMap(([name, value]) => ["-c", `${name}=${value}`])]
  const child = spawnAs(site.account, site.binaries.postgres, args, file)
  closeSync(file)
  let ended: string | undefined
  child.on("exit", () => ended = "")
  child.on("error", (error) => ended = `${site.binaries.postgres} can't be run: ${reasonOf(error)}`)
  for (const end = Date.now() + site.startTimeout; Date.now() < end; await pause(8)) {
    if (ended !== undefined) {
      throw new LauncherError(`Postgres did not start: ${ended || await lastWords(site.logFile, from)}`)
    }
    const postmaster = await readPostmaster(site.data)
    if (postmaster?.pid === child.pid && postmaster?.ready) return { postmaster, child }
  }
  if (child.pid !== undefined) await endPostmaster(child.pid, site.data, 1_000, site.log)
  child.kill("SIGKILL")
  const seconds = Math.round(site.startTimeout / 1000)
  throw new LauncherError(
    `Postgres does not answer within ${seconds} s; its last word was: ${await lastWords(site.logFile, from)}`,
  )
}

/** A start on the port it had, or on another when that is taken; once more while the memory of a killed one is held. */
const start = async (
  site: Site,
  wanted: number | undefined,
): Promise<{ postmaster: Postmaster; child: ChildProcess }> => {
  let port = wanted !== undefined && isFree(wanted) ? wanted : freePort()
  for (let attempt = 1;; attempt++) {
    try {
      return await launch(site, port)
    } catch (error) {
      const message = error instanceof LauncherError ? error.message : ""
      if (attempt < 20 && message.includes("shared memory block")) await pause(250)
      else if (attempt < 5 && message.includes("TCP/IP sockets")) port = freePort()
      else throw error
    }
  }
}

/** The Postgres that a killed launcher left behind, when it answers; one that does not is ended. */
const adopt = async (site: Site): Promise<Postmaster | undefined> => {
  const found = await readPostmaster(site.data)
  if (found === undefined || !isAlive(found.pid)) return undefined
  if (!(await isPostmasterOf(found.pid, site.data))) {
    // Postgres would take any living process of that id for itself and refuse to start
    await rm(join(site.data, "postmaster.pid"), { force: true })
    return undefined
  }
  let silences = 0
  for (const end = Date.now() + site.startTimeout; Date.now() < end && silences < 2; await pause(50)) {
    const now = await readPostmaster(site.data)
    if (now?.pid !== found.pid || !(await isPostmasterOf(found.pid, site.data))) return undefined
    const answer = now.port > 0 ? await probe(now.port, 1_500) : "busy"
    if (answer === "accepts") return now
    silences = answer === "silent" ? silences + 1 : 0
  }
  site.log(`Postgres (process ${found.pid}) was left behind and does not answer: ending it`)
  await endPostmaster(found.pid, site.data, 5_000, site.log)
  return undefined
}

/** Keeps a log of many starts from growing without end: past 10 MB the old one steps aside. */
const rotate = async (logFile: string): Promise<void> => {
  const size = await stat(logFile).then((info) => info.size, () => 0)
  if (size > 10_000_000) await rename(logFile, `${logFile}.1`)
}

const rootWayOf = (name: string | undefined): RootWay | undefined =>
  name === "namespace" || name === "user" ? name : undefined

const prepare = async (options: PostgresOptions, home: string): Promise<{ site: Site; memory: Memory }> => {
  const known = await readMemory(home)
  const { base: _formerBase, socketDir: _formerSocketDir, ...before } = known ?? newMemory()
  const account = await chooseAccount(options.rootWay ?? rootWayOf(Deno.env.get("STINT_POSTGRES_ROOT_WAY")))
  const base = await baseFor(account, home, known, async (stale) => {
    options.log(`Removing ${stale}, the database of a data folder that was removed`)
    const postmaster = await readPostmaster(join(stale, "postgres"))
    if (postmaster !== undefined) await endPostmaster(postmaster.pid, join(stale, "postgres"), 5_000, options.log)
    await rm(stale, { recursive: true, force: true })
  })
  if (known?.base !== undefined && known.base !== base) {
    options.log(`The database that ${known.base} held is gone: making a new one`)
  }
  const socketDir = await socketDirFor(account, base, known ?? before)
  const memory: Memory = {
    ...before,
    ...(base === home ? {} : { base }),
    ...(socketDir.startsWith(base) ? {} : { socketDir }),
  }
  if (JSON.stringify(memory) !== JSON.stringify(known)) await writeMemory(home, memory)
  const binaries = await binariesFor(account, base)
  const data = await clusterIn(account, binaries, { home, base }, memory, known !== undefined)
  const logFile = join(home, "postgres.log")
  await rotate(logFile)
  return {
    memory,
    site: {
      account,
      binaries,
      data,
      socketDir,
      logFile,
      log: options.log,
      settings: { ...settings, ...options.settings },
      startTimeout: options.startTimeout ?? 60_000,
      stopTimeout: options.stopTimeout ?? 20_000,
    },
  }
}

/**
 * Starts the embedded Postgres of a home, making its database when there is none, or adopts the one that a killed
 * launcher left running. It listens on 127.0.0.1 and on a socket that only its owner may reach. The home is this
 * process' alone until `stop`. Fails with nothing but a LauncherError.
 */
export const startPostgres = async (options: PostgresOptions): Promise<RunningPostgres> => {
  const home = await openHome(options.home)
  const unlock = await lockHome(home)
  try {
    const { memory, site } = await prepare(options, home)
    const adopted = await adopt(site)
    const started = adopted === undefined ? await start(site, memory.port) : undefined
    const first = adopted ?? started!.postmaster
    if (first.port !== memory.port) await writeMemory(home, { ...memory, port: first.port })
    const guard = watch(site, first, started?.child)
    let stopped: Promise<void> | undefined
    return {
      host: "127.0.0.1",
      port: first.port,
      socketDir: first.socketDir,
      superuser: { user: memory.user, password: memory.password },
      adopted: adopted !== undefined,
      lost: guard.lost,
      stop: () => stopped ??= guard.stop().finally(unlock),
    }
  } catch (error) {
    unlock()
    throw error instanceof LauncherError ? error : new LauncherError(`Postgres can't be started: ${reasonOf(error)}.`)
  }
}

/** Starts Postgres again whenever it ends by itself; one that ends five times within a minute is given up. */
const watch = (site: Site, first: Postmaster, child: ChildProcess | undefined) => {
  let current = first
  let stopping = false
  const ends: Array<number> = []
  const { promise: lost, resolve } = Promise.withResolvers<LauncherError>()
  let wake = () => {}
  const untilEnd = async (process: ChildProcess | undefined) => {
    if (process !== undefined && process.exitCode === null && process.signalCode === null) {
      await new Promise<void>((resolve) => process.once("exit", () => resolve()))
      return
    }
    while (!stopping && await isPostmasterOf(current.pid, site.data)) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500)
        wake = () => (clearTimeout(timer), resolve())
      })
    }
  }
  const run = async (process: ChildProcess | undefined): Promise<void> => {
    for (;;) {
      await untilEnd(process)
      if (stopping) return
      ends.push(Date.now())
      site.log(`Postgres (process ${current.pid}) ended by itself: starting it again`)
      if (ends.length >= 5 && ends.at(-1)! - ends.at(-5)! < 60_000) {
        return resolve(new LauncherError("Postgres ended five times within a minute; see postgres.log."))
      }
      try {
        const again = await start(site, current.port)
        if (again.postmaster.port !== first.port) {
          await endPostmaster(again.postmaster.pid, site.data, site.stopTimeout, site.log)
          return resolve(new LauncherError(`Postgres ended, and its port ${first.port} was taken by another program.`))
        }
        current = again.postmaster
        process = again.child
      } catch (error) {
        return resolve(error as LauncherError)
      }
    }
  }
  const running = run(child)
  return {
    lost,
    stop: async () => {
      stopping = true
      wake()
      // A restart may be under way: what it starts is ended as well
      await Promise.race([running, endPostmaster(current.pid, site.data, site.stopTimeout, site.log)])
      await endPostmaster((await readPostmaster(site.data))?.pid ?? current.pid, site.data, site.stopTimeout, site.log)
    },
  }
}
