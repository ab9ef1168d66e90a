import type { ChildProcess } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import { readFile, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { type Account, spawnAs } from "./Account.ts"
import type { Binaries } from "./Binaries.ts"
import { freePort, isFree } from "./FreePort.ts"
import { codeOf, type LauncherCode, LauncherError, reasonOf } from "./LauncherError.ts"
import {
  endPostmaster,
  freePidFile,
  isPostmasterOf,
  pause,
  type Postmaster,
  probe,
  readPostmaster,
} from "./Postmaster.ts"

/** Where one Postgres lives and how it is run. */
export interface Site {
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

/** A postmaster that is our child. */
export interface Started {
  readonly postmaster: Postmaster
  readonly child: ChildProcess
}

/**
 * How often a password is hashed for its role (Postgres' default: 4,096), which a client repeats for each connection. That slows
 * who guesses the passwords of people; those here are 192 random bits.
 */
export const SCRAM_ITERATIONS = "1"

/** Small, for a machine that has other things to do; durability stays as Postgres has it. */
export const settings = {
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
  scram_iterations: SCRAM_ITERATIONS,
}

/**
 * What the postmaster of that process id wrote last since `from` that says why it ended: the log holds the last words of
 * a killed one's backends as well.
 */
export const lastWords = async (
  logFile: string,
  from: number,
  pid: number | undefined,
): Promise<string> => {
  const lines = (await readFile(logFile).catch(() => new Uint8Array()))
    .subarray(from).toString().split("\n").filter((line) => line.trim() !== "")
  const own = lines.filter((line) => line.includes(` [${pid}] `))
  const line = own.findLast((line) => /FATAL:|PANIC:/.test(line)) ??
    lines.findLast((line) => /FATAL:|PANIC:|unshare:/.test(line)) ?? lines.at(-1)
  return line === undefined ? "it wrote nothing" : line.replace(/^.*?(LOG|FATAL|PANIC): */, "")
}

/** The code of a failed start. Postgres logs these failures without a SQLSTATE of their own, so its words decide, here only. */
const startCodeOf = (words: string): LauncherCode | undefined => {
  if (words.includes("shared memory block")) return "memory_in_use"
  if (words.includes("TCP/IP sockets")) return "port_in_use"
  return words.includes("already exists") ? "already_running" : undefined
}

/** Why Postgres can't start where its data was removed. */
const gone = (folder: string) =>
  new LauncherError(`The data folder ${folder} is gone, and Postgres with it: start again to make a new one.`)

/** Opens the log that Postgres writes to. Fails with a LauncherError when its folder is gone or can't be written. */
const openLog = (path: string): number => {
  try {
    return openSync(path, "a", 0o600)
  } catch (error) {
    throw codeOf(error) === "ENOENT"
      ? gone(dirname(path))
      : new LauncherError(`${path} can't be written: ${reasonOf(error)}.`)
  }
}

/** Spawns Postgres and waits until it accepts connections. */
const launch = async (site: Site, port: number): Promise<Started> => {
  await freePidFile(site.data)
  const from = await stat(site.logFile).then((info) => info.size, () => 0)
  const file = openLog(site.logFile)
  const chosen = Object.entries({ ...site.settings, port: String(port), unix_socket_directories: site.socketDir })
  const args = ["-D", site.data, ...chosen.flatMap(([name, value]) => ["-c", `${name}=${value}`])]
  const child = spawnAs(site.account, site.binaries.postgres, args, file)
  closeSync(file)
  let ended: string | undefined
  child.on("exit", () => ended = "")
  child.on("error", (error) => ended = `${site.binaries.postgres} can't be run: ${reasonOf(error)}`)
  for (const end = Date.now() + site.startTimeout; Date.now() < end; await pause(8)) {
    if (ended !== undefined) {
      if (!await stat(site.data).then(() => true, () => false)) throw gone(site.data)
      const why = ended || await lastWords(site.logFile, from, child.pid)
      throw new LauncherError(`Postgres did not start: ${why}`, startCodeOf(why))
    }
    const postmaster = await readPostmaster(site.data)
    if (postmaster?.pid === child.pid && postmaster?.ready) return { postmaster, child }
  }
  if (child.pid !== undefined) await endPostmaster(child.pid, site.data, 1_000, site.log)
  child.kill("SIGKILL")
  const seconds = Math.round(site.startTimeout / 1000)
  throw new LauncherError(
    `Postgres does not answer within ${seconds} s; its last word was: ${await lastWords(
      site.logFile,
      from,
      child.pid,
    )}`,
  )
}

/** A start on the port it had, or on another when that is taken; once more while the memory of a killed one is held. */
export const start = async (
  site: Site,
  wanted: number | undefined,
): Promise<Started> => {
  let port = wanted !== undefined && isFree(wanted) ? wanted : freePort()
  for (let attempt = 1;; attempt++) {
    try {
      return await launch(site, port)
    } catch (error) {
      const code = error instanceof LauncherError ? error.code : undefined
      if (attempt < 20 && code === "memory_in_use") await pause(250)
      else if (attempt < 5 && code === "port_in_use") port = freePort()
      else throw error
    }
  }
}

/** The Postgres that a killed launcher left behind, when it answers; one that does not is ended. */
export const adopt = async (site: Site): Promise<Postmaster | undefined> => {
  const found = await readPostmaster(site.data)
  if (found === undefined || !(await isPostmasterOf(found.pid, site.data))) return undefined
  let silences = 0
  for (const end = Date.now() + site.startTimeout; Date.now() < end && silences < 2; await pause(50)) {
    const now = await readPostmaster(site.data)
    if (now?.pid !== found.pid || !(await isPostmasterOf(found.pid, site.data))) return undefined
    const answer = now.port > 0 ? await probe(now.port, 1_000) : "busy"
    if (answer === "accepts") return now
    silences = answer === "silent" ? silences + 1 : 0
  }
  site.log(`Postgres (process ${found.pid}) was left behind and does not answer: ending it`)
  await endPostmaster(found.pid, site.data, 5_000, site.log)
  return undefined
}
