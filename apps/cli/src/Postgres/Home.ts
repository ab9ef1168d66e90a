import { readTextFile } from "@stint/edge/Serve/TextFile"
import { createHash, randomBytes } from "node:crypto"
import { chmod, chown, lstat, mkdir, mkdtemp, readFile, realpath, rename, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { type Account, canEnter, ownerOf } from "./Account.ts"
import { codeOf, LauncherError, reasonOf } from "./LauncherError.ts"
import { isAlive } from "./Postmaster.ts"

/** What `postgres.json` of a home says of its Postgres; only the owner of the home may read it. */
export interface HomeRecord {
  readonly user: string
  readonly password: string
  /** The last port; taken again when it is free. */
  readonly port?: number
  /** Where data lives, when Postgres' account can't reach the home itself. */
  readonly base?: string
  /** Where the socket lives, when a path in the home would be longer than a socket's may be. */
  readonly socketDir?: string
}

const exists = (path: string): Promise<boolean> => stat(path).then(() => true, () => false)

/** Makes the home (0700) when it is missing; its real path, so that one folder never goes by two names. */
export const openHome = async (home: string): Promise<string> => {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 })
    return await realpath(home)
  } catch (error) {
    throw new LauncherError(`The data folder ${home} can't be made: ${reasonOf(error)}.`)
  }
}

/**
 * Takes the home for this process; the answer gives it back. The kernel ties the lock to the open file, so it ends with
 * the process however that dies, and a file that was left behind locks nothing. Fails with a LauncherError when another
 * process holds the home or it can't be written.
 */
export const lockHome = async (home: string): Promise<() => void> => {
  const path = join(home, "postgres.lock")
  let file: Deno.FsFile
  try {
    file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 })
  } catch (error) {
    throw new LauncherError(
      codeOf(error) === "EISDIR"
        ? `${path} is a folder, and has to be a file: remove it.`
        : `The data folder ${home} can't be written: ${reasonOf(error)}.`,
    )
  }
  if (!(await file.tryLock(true))) {
    file.close()
    const holder = (await readFile(path, "utf8").catch(() => "")).trim()
    throw new LauncherError(
      `Another stint${holder === "" ? "" : ` (process ${holder})`} is using ${home}: stop it first, or set STINT_HOME.`,
    )
  }
  await file.truncate()
  await file.write(new TextEncoder().encode(`${Deno.pid}\n`))
  return () => file.close()
}

/** The living process that holds the home, by its lock; undefined when none does. */
export const holderOf = async (home: string): Promise<number | undefined> => {
  const path = join(home, "postgres.lock")
  const holder = Number((await readFile(path, "utf8").catch(() => "")).trim())
  if (!(holder > 0) || holder === Deno.pid || !isAlive(holder)) return undefined
  const file = await Deno.open(path).catch(() => undefined)
  if (file === undefined) return undefined
  // Shared, and for a moment: an id alone may be another program's by now
  const isHeld = !(await file.tryLock(false))
  file.close()
  return isHeld ? holder : undefined
}

/** Reads the record; undefined in a new home. Fails with a LauncherError when it can't be read or is damaged. */
export const readRecord = async (home: string): Promise<HomeRecord | undefined> => {
  const path = join(home, "postgres.json")
  const text = await readTextFile(path).catch((error) => {
    if (codeOf(error) === "ENOENT") return undefined
    throw new LauncherError(`${path} can't be read: ${reasonOf(error)}.`)
  })
  if (text === undefined) return undefined
  try {
    const record = JSON.parse(text) as HomeRecord
    if (typeof record.user === "string" && typeof record.password === "string") return record
  } catch { /* said below */ }
  throw new LauncherError(
    `${path}, which holds the password of the database, is damaged: put back a copy of it, or move it and ` +
      `${join(home, "postgres")} away to begin with a new database.`,
  )
}

/** Whether a Postgres was made in the home, and its data is there. Makes nothing. Fails with a LauncherError as `readRecord`. */
export const hasPostgres = async (home: string): Promise<boolean> => {
  const record = await readRecord(home)
  return record !== undefined && await exists(join(record.base ?? home, "postgres", "PG_VERSION"))
}

/**
 * Fails with a LauncherError unless a stack was started in this home before. For whoever asks a stack: a key that is made for
 * the question would only be refused.
 */
export const requireStack = async (home: string): Promise<void> => {
  if (await exists(join(home, "keys"))) return
  throw new LauncherError(`There is no stack in ${home}: start one with stint start, or name its folder in STINT_HOME.`)
}

/** Replaces the record atomically. Fails with a LauncherError when it can't be written. */
export const writeRecord = async (home: string, record: HomeRecord): Promise<void> => {
  const path = join(home, "postgres.json")
  try {
    await writeFile(`${path}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 })
    await rename(`${path}.new`, path)
  } catch (error) {
    throw new LauncherError(`${path} can't be written: ${reasonOf(error)}.`)
  }
}

/** The record of a new home: a superuser's name and a new password. */
export const newRecord = (): HomeRecord => ({ user: "postgres", password: randomBytes(24).toString("base64url") })

/** Makes a folder that the account owns and nobody else may enter. Fails with a LauncherError when we may not. */
export const privateFolder = async (account: Account, path: string): Promise<string> => {
  const owner = ownerOf(account)
  try {
    await mkdir(path, { mode: 0o700, recursive: true })
    if ((await lstat(path)).uid !== owner.uid) await chown(path, owner.uid, owner.gid)
    return path
  } catch (error) {
    throw new LauncherError(`The folder ${path} can't be made ours: ${reasonOf(error)}.`)
  }
}

/** Whether nobody but root and the account can have put the folder there: the way to it may be open to all. */
const isTrusted = async (account: Account, path: string): Promise<boolean> => {
  const found = await lstat(path).catch(() => undefined)
  return found === undefined || (found.isDirectory() && [Deno.uid(), ownerOf(account).uid].includes(found.uid))
}

/**
 * The folder below which data lives: the home, opened to the account's group if need be; when the way to the home is
 * closed to it (a project under a 0700 folder), one of its own under /var/lib or the temporary folder, named after the
 * home. A folder of its own that has data, while the home has no record, is of a home that was removed: `forget`
 * has to remove it.
 */
export const baseFor = async (
  account: Account,
  home: string,
  known: HomeRecord | undefined,
  forget: (base: string) => Promise<void>,
): Promise<string> => {
  if (known?.base !== undefined && await exists(known.base)) return await privateFolder(account, known.base)
  if (await canEnter(account, home)) return home
  if (await canEnter(account, dirname(home))) {
    await chown(home, (await stat(home)).uid, ownerOf(account).gid)
    await chmod(home, 0o710)
    return home
  }
  const name = `stint-${createHash("sha256").update(home).digest("hex").slice(0, 16)}`
  for (const parent of ["/var/lib", await realpath(tmpdir())]) {
    const base = join(parent, name)
    if (!(await canEnter(account, parent).catch(() => false)) || !(await isTrusted(account, base))) continue
    if (known === undefined && await exists(base)) await forget(base)
    const made = await privateFolder(account, base).catch(() => undefined)
    if (made !== undefined) return made
  }
  throw new LauncherError(`No folder was found for data that the user of Postgres can enter; set STINT_HOME to one.`)
}

/** A socket's path may have 107 bytes; `/.s.PGSQL.65535` takes the last 15. */
const longestSocketDir = 90

/** The folder (0700) of the socket: in `base`, or, when that path is too long, one under the temporary folder. */
export const socketDirFor = async (account: Account, base: string, record: HomeRecord): Promise<string> => {
  const own = join(base, "socket")
  if (new TextEncoder().encode(own).length <= longestSocketDir) return await privateFolder(account, own)
  if (record.socketDir !== undefined && await isTrusted(account, record.socketDir)) {
    return await privateFolder(account, record.socketDir)
  }
  return await privateFolder(account, await mkdtemp(join(tmpdir(), "stint-")))
}
