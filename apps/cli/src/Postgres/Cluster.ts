import { randomUUID } from "node:crypto"
import { chown, cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type Account, giveTo, ownerOf, runAs } from "./Account.ts"
import type { Binaries } from "./Binaries.ts"
import type { HomeRecord } from "./Home.ts"
import { codeOf, LauncherError, reasonOf } from "./LauncherError.ts"
import { endPostmaster, readPostmaster } from "./Postmaster.ts"

/** The major version whose data the pinned binaries read. */
const majorVersion = "18"

/** What stands in a data directory: a database, nothing, or something that is not ours to touch. */
const inspect = async (data: string): Promise<"absent" | "present"> => {
  const version = await readFile(join(data, "PG_VERSION"), "utf8").catch((error) => codeOf(error))
  if (version.trim() === majorVersion) return "present"
  if (version === "EACCES") throw new LauncherError(`The database in ${data} belongs to another user.`)
  if (version !== "ENOENT") {
    throw new LauncherError(
      `${data} is of Postgres ${version.trim()}, this is ${majorVersion}: dump and restore it, or move it away.`,
    )
  }
  if ((await readdir(data).catch(() => [])).length === 0) return "absent"
  throw new LauncherError(`${data} holds files, but no database: move them away, or set STINT_HOME.`)
}

/** A data directory that is to be made. */
export interface NewData {
  readonly account: Account
  readonly binaries: Binaries
  readonly home: string
  /** Where the account may make files. */
  readonly base: string
  /** The directory: empty, and the account's. It gets its final name once it is whole. */
  readonly folder: string
  /** The superuser that it is to have. */
  readonly record: HomeRecord
  readonly log: (line: string) => void
  /** The cached folder whose copy failed: the data is made without any cache. */
  readonly uncached?: string
}

/**
 * Fills a new data directory. Whoever is killed in the middle of it leaves one that nobody uses. Returns the path of the
 * cached folder that it copied, if it did.
 */
export type MakeData = (data: NewData) => Promise<string | void>

/** The failure of data that was made without the cache, after a copy of the cache had failed. */
export const failedWithout = (cache: string, error: unknown): LauncherError =>
  new LauncherError(`${reasonOf(error).replace(/\.$/, "")}. A copy of the cache ${cache} had failed before.`)

/** The data directory of a home, and the cached folder that it was copied from just now. */
export interface Cluster {
  readonly data: string
  readonly copied: string | undefined
}

/** A cluster without databases of ours. */
export const initdb: MakeData = async ({ account, base, binaries, folder, record }) => {
  const passwordFile = join(base, `postgres.password-${randomUUID()}`)
  try {
    await writeFile(passwordFile, record.password, { mode: 0o600 })
    if (account.kind === "user") await chown(passwordFile, account.uid, account.gid)
    const result = await runAs(account, binaries.initdb, [
      `--pgdata=${folder}`,
      "--locale=C",
      "--encoding=UTF8",
      "--data-checksums",
      "--auth=scram-sha-256",
      `--username=${record.user}`,
      `--pwfile=${passwordFile}`,
      "--no-sync",
      "--no-instructions",
    ])
    if (result.code !== 0) {
      throw new LauncherError(`initdb failed in ${base}: ${result.text.split("\n").at(-1) ?? "it said nothing"}`)
    }
  } finally {
    await rm(passwordFile, { force: true }).catch(() => undefined)
  }
}

/** Removes what a start that was killed left of a directory it was making; a Postgres may still run in it. */
const removeUnfinished = async (base: string, log: (line: string) => void) => {
  for (const name of await readdir(base)) {
    if (name.startsWith("postgres.password-")) await rm(join(base, name), { force: true })
    if (!name.startsWith("postgres.new-")) continue
    const postmaster = await readPostmaster(join(base, name))
    if (postmaster !== undefined) await endPostmaster(postmaster.pid, join(base, name), 5_000, log)
    await rm(join(base, name), { recursive: true, force: true })
  }
}

/** Makes the data beside its final place and moves the result there: a start that was killed leaves no half database. */
const initialise = async (data: string, make: MakeData, place: Omit<NewData, "folder">) => {
  const { account, base, log } = place
  // A name of its own: an initdb that outlived its killed launcher may still be writing to the former one's
  const folder = `${data}.new-${randomUUID()}`
  try {
    await removeUnfinished(base, log)
    await mkdir(folder, { mode: 0o700 })
    const { gid, uid } = ownerOf(account)
    if (account.kind === "user") await chown(folder, uid, gid)
    const copied = await make({ ...place, folder })
    await rm(data, { recursive: true, force: true })
    await rename(folder, data)
    return copied ?? undefined
  } catch (error) {
    if (error instanceof LauncherError) throw error
    throw new LauncherError(`A database can't be made in ${base}: ${reasonOf(error)}.`)
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined)
  }
}

/** Moves what was made in the home to where the account can reach it. */
const move = async (from: string, to: string) => {
  try {
    await rename(from, to)
  } catch (error) {
    if (codeOf(error) !== "EXDEV") throw new LauncherError(`${from} can't be moved to ${to}: ${reasonOf(error)}.`)
    await cp(from, to, { recursive: true, preserveTimestamps: true })
    await rm(from, { recursive: true, force: true })
  }
}

/**
 * The data directory, made when it is missing, and owned by the account. `known` says whether the record is older than
 * this start: a database whose password nobody has is refused rather than replaced.
 */
export const clusterIn = async (make: MakeData, place: Omit<NewData, "folder">, known: boolean): Promise<Cluster> => {
  const { account, base, home } = place
  const data = join(base, "postgres")
  const former = join(home, "postgres")
  if (former !== data && await inspect(data) === "absent" && await inspect(former) === "present") {
    await rm(data, { recursive: true, force: true })
    await move(former, data)
  }
  let copied: string | undefined
  if (await inspect(data) === "absent") {
    copied = await initialise(data, make, place)
  } else if (!known) {
    throw new LauncherError(
      `${data} holds a database, but postgres.json with its password is gone from ${home}: put it back, or move the database away.`,
    )
  }
  await giveTo(account, data)
  return { data, copied }
}
