import type { ChildProcess } from "node:child_process"
import { rename, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { chooseAccount, type RootWay } from "./Postgres/Account.ts"
import { binariesFor } from "./Postgres/Binaries.ts"
import { clusterIn, failedWithout, initdb, type MakeData } from "./Postgres/Cluster.ts"
import { watch } from "./Postgres/Guard.ts"
import {
  baseFor,
  type HomeRecord,
  lockHome,
  newRecord,
  openHome,
  readRecord,
  socketDirFor,
  writeRecord,
} from "./Postgres/Home.ts"
import { LauncherError, reasonOf } from "./Postgres/LauncherError.ts"
import { endPostmaster, type Postmaster, readPostmaster } from "./Postgres/Postmaster.ts"
import { adopt, settings, type Site, start } from "./Postgres/Server.ts"

/** How to start the embedded Postgres. */
export interface PostgresOptions {
  /** The folder of everything that this stack stores; it may hold other files. Data lives in `postgres` below it. */
  readonly home: string
  /** Takes one line for a person whenever something happens that was not asked for. */
  readonly log: (line: string) => void
  /** How the data of a new home is made; by default a cluster without databases of ours. */
  readonly make?: MakeData
  /** How to run as root; by default what STINT_POSTGRES_ROOT_WAY says, else a user namespace, then an unprivileged user. */
  readonly rootWay?: RootWay
  /** The port of a new home's Postgres, should it be free; by default any. A home that had one keeps it. */
  readonly port?: number
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

/** Keeps a log of many starts from growing without end: past 10 MB the old one steps aside. */
const rotate = async (logFile: string): Promise<void> => {
  const size = await stat(logFile).then((info) => info.size, () => 0)
  if (size > 10_000_000) await rename(logFile, `${logFile}.1`)
}

const rootWayOf = (name: string | undefined): RootWay | undefined =>
  name === "namespace" || name === "user" ? name : undefined

interface Ready {
  readonly site: Site
  readonly record: HomeRecord
  /** The cached folder that the data was copied from just now. */
  readonly copied: string | undefined
}

const prepare = async (options: PostgresOptions, home: string, uncached?: string): Promise<Ready> => {
  const known = await readRecord(home)
  const { base: _formerBase, socketDir: _formerSocketDir, ...before } = known ?? newRecord()
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
  const record: HomeRecord = {
    ...before,
    ...(base === home ? {} : { base }),
    ...(socketDir.startsWith(base) ? {} : { socketDir }),
  }
  if (JSON.stringify(record) !== JSON.stringify(known)) await writeRecord(home, record)
  const binaries = await binariesFor(account, base)
  const { log, make = initdb } = options
  const place = { account, binaries, home, base, record, log, ...(uncached === undefined ? {} : { uncached }) }
  const { copied, data } = await clusterIn(make, place, known !== undefined)
  const logFile = join(home, "postgres.log")
  await rotate(logFile)
  return {
    record,
    copied,
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

interface Begun {
  readonly adopted: boolean
  readonly postmaster: Postmaster
  readonly child?: ChildProcess
}

/** Adopts or starts; both again when a Postgres came up meanwhile, which a launcher started before it was killed. */
const begin = async (site: Site, port: number | undefined, again = true): Promise<Begun> => {
  const postmaster = await adopt(site)
  if (postmaster !== undefined) return { adopted: true, postmaster }
  try {
    return { adopted: false, ...await start(site, port) }
  } catch (error) {
    if (!again || !(error instanceof LauncherError) || error.code !== "already_running") throw error
    return await begin(site, port, false)
  }
}

/** Prepares and begins. Data that was just copied from a cache and does not start is made anew, once, without the cache. */
const open = async (options: PostgresOptions, home: string): Promise<Ready & Begun> => {
  const ready = await prepare(options, home)
  const { copied, site } = ready
  try {
    return { ...ready, ...await begin(site, ready.record.port ?? options.port) }
  } catch (error) {
    // A port, memory or a process in the way has a code: the data is not to blame
    if (copied === undefined || (error instanceof LauncherError && error.code !== undefined)) throw error
    options.log(`The cached database ${copied} can't be used, making a new one: ${reasonOf(error)}`)
    // Nobody has stored anything in it: it never started
    await rm(site.data, { recursive: true, force: true })
    const again = await prepare(options, home, copied)
    try {
      return { ...again, ...await begin(again.site, again.record.port ?? options.port) }
    } catch (error) {
      throw failedWithout(copied, error)
    }
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
    const { adopted, child, postmaster: first, record, site } = await open(options, home)
    if (first.port !== record.port) await writeRecord(home, { ...record, port: first.port })
    const guard = watch(site, first, child)
    let stopped: Promise<void> | undefined
    return {
      host: "127.0.0.1",
      port: first.port,
      socketDir: first.socketDir,
      superuser: { user: record.user, password: record.password },
      adopted,
      lost: guard.lost,
      stop: () => stopped ??= guard.stop().finally(unlock),
    }
  } catch (error) {
    unlock()
    throw error instanceof LauncherError ? error : new LauncherError(`Postgres can't be started: ${reasonOf(error)}.`)
  }
}
