/** A Postgres whose data lives in memory where that is possible, and goes away with it. */
import { lstat, mkdtemp, readdir, realpath, rm, statfs } from "node:fs/promises"
import { platform, tmpdir } from "node:os"
import { join } from "node:path"
import { type PostgresOptions, type RunningPostgres, startPostgres } from "../Postgres.ts"
import { lockHome, readRecord } from "./Home.ts"
import { LauncherError, reasonOf } from "./LauncherError.ts"
import { endPostmaster, isAlive, readPostmaster } from "./Postmaster.ts"

/** How to start one. */
export interface ThrowawayOptions extends Pick<PostgresOptions, "log" | "make" | "port" | "settings"> {
  /** A word in the name of its folder. */
  readonly name: string
  /** How many bytes have to be free in memory; with less it lives in the temporary folder. Default 1 GB. */
  readonly room?: number
}

/** A Postgres that `stop` removes. */
export interface Throwaway extends RunningPostgres {
  /** The home of it. */
  readonly home: string
  /** Whether its data is in memory, not in the temporary folder. */
  readonly inMemory: boolean
}

/** No power cut matters, and the log is kept short: memory is scarce. */
const forgetful = {
  fsync: "off",
  full_page_writes: "off",
  synchronous_commit: "off",
  min_wal_size: "32MB",
  max_wal_size: "256MB",
}

const inMemory = "/dev/shm"

/** What statfs(2) calls a tmpfs. */
const TMPFS = 0x01021994

/** Whether the folder is memory, has so many bytes free, and lets us make files. */
const hasRoom = async (folder: string, room: number): Promise<boolean> => {
  if (platform() !== "linux") return false
  const system = await statfs(folder).catch(() => undefined)
  return system?.type === TMPFS && system.bavail * system.bsize >= room
}

/** Its folder's name says which process made it. */
const folderFor = async (name: string, room: number) => {
  const prefix = `stint-${name}-${Deno.pid}-`
  const places = [...await hasRoom(inMemory, room) ? [inMemory] : [], await realpath(tmpdir())]
  let failure: unknown
  for (const place of places) {
    try {
      return { home: await mkdtemp(join(place, prefix)), inMemory: place === inMemory }
    } catch (error) {
      failure = error
    }
  }
  throw new LauncherError(`No folder can be made for a Postgres in memory: ${reasonOf(failure)}.`)
}

/** Starts one. Fails with nothing but a LauncherError. */
export const startThrowaway = async ({ name, room = 1e9, ...options }: ThrowawayOptions): Promise<Throwaway> => {
  const folder = await folderFor(name, room)
  const remove = () => rm(folder.home, { recursive: true, force: true })
  try {
    const settings = { ...forgetful, ...options.settings }
    const postgres = await startPostgres({ ...options, home: folder.home, settings, stopTimeout: 2_000 })
    let stopped: Promise<void> | undefined
    return { ...postgres, ...folder, stop: () => stopped ??= postgres.stop().finally(remove) }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Ends and removes one; not one whose home a process still holds, which another container's may do unseen by its id. */
const removeLeft = async (home: string): Promise<void> => {
  const unlock = await lockHome(home).catch(() => undefined)
  if (unlock === undefined) return
  try {
    const record = await readRecord(home).catch(() => undefined)
    const base = record?.base ?? home
    // Also one that ran in data which was being made
    for (const name of (await readdir(base)).filter((name) => /^postgres(\.new-|$)/.test(name))) {
      const postmaster = await readPostmaster(join(base, name))
      if (postmaster !== undefined) await endPostmaster(postmaster.pid, join(base, name), 2_000, () => {})
    }
    for (const folder of [home, record?.base, record?.socketDir]) {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    }
  } finally {
    unlock()
  }
}

/** Removes those of that name whose process is gone, killed before it could. */
export const removeAbandonedThrowaways = async (name: string): Promise<void> => {
  for (const place of [inMemory, await realpath(tmpdir())]) {
    for (const entry of await readdir(place).catch(() => [])) {
      const [, of, pid] = /^stint-(\w+)-(\d+)-\w+$/.exec(entry) ?? []
      const home = join(place, entry)
      if (of !== name || isAlive(Number(pid))) continue
      if ((await lstat(home).catch(() => undefined))?.uid === Deno.uid()) await removeLeft(home)
    }
  }
}
