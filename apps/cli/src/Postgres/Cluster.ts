import { randomUUID } from "node:crypto"
import { chown, cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type Account, giveTo, ownerOf, runAs } from "./Account.ts"
import type { Binaries } from "./Binaries.ts"
import type { Memory } from "./Home.ts"
import { codeOf, LauncherError, reasonOf } from "./LauncherError.ts"

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

/** Runs initdb beside the final place and moves the result there: one that was killed leaves no half database. */
const initialise = async (account: Account, binaries: Binaries, base: string, data: string, memory: Memory) => {
  const { gid, uid } = ownerOf(account)
  // A name of its own: an initdb that outlived its killed launcher may still be writing to the former one's
  const unfinished = `${data}.new-${randomUUID()}`
  const passwordFile = join(base, "postgres.password")
  try {
    for (const name of await readdir(base)) {
      if (name.startsWith("postgres.new-")) await rm(join(base, name), { recursive: true, force: true })
    }
    await mkdir(unfinished, { mode: 0o700 })
    await writeFile(passwordFile, memory.password, { mode: 0o600 })
    if (account.kind === "user") {
      await chown(unfinished, uid, gid)
      await chown(passwordFile, uid, gid)
    }
    const result = await runAs(account, binaries.initdb, [
      `--pgdata=${unfinished}`,
      "--locale=C",
      "--encoding=UTF8",
      "--data-checksums",
      "--auth=scram-sha-256",
      `--username=${memory.user}`,
      `--pwfile=${passwordFile}`,
      "--no-sync",
      "--no-instructions",
    ])
    if (result.code !== 0) {
      throw new LauncherError(`initdb failed in ${base}: ${result.text.split("\n").at(-1) ?? "it said nothing"}`)
    }
    await rm(data, { recursive: true, force: true })
    await rename(unfinished, data)
  } catch (error) {
    if (error instanceof LauncherError) throw error
    throw new LauncherError(`A database can't be made in ${base}: ${reasonOf(error)}.`)
  } finally {
    await rm(unfinished, { recursive: true, force: true }).catch(() => undefined)
    await rm(passwordFile, { force: true }).catch(() => undefined)
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
 * The data directory, made when it is missing, and owned by the account. `known` says whether the memory is older than
 * this start: a database whose password nobody has is refused rather than replaced.
 */
export const clusterIn = async (
  account: Account,
  binaries: Binaries,
  folders: { readonly home: string; readonly base: string },
  memory: Memory,
  known: boolean,
): Promise<string> => {
  const data = join(folders.base, "postgres")
  const former = join(folders.home, "postgres")
  if (former !== data && await inspect(data) === "absent" && await inspect(former) === "present") {
    await rm(data, { recursive: true, force: true })
    await move(former, data)
  }
  if (await inspect(data) === "absent") {
    await initialise(account, binaries, folders.base, data, memory)
  } else if (!known) {
    throw new LauncherError(
      `${data} holds a database, but postgres.json with its password is gone from ${folders.home}: put it back, or move the database away.`,
    )
  }
  await giveTo(account, data)
  return data
}
