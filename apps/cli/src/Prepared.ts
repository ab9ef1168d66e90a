/**
 * A data folder in which the databases of all services are migrated already. It is made once for a version of Postgres and
 * the scripts under sql/, and kept; whoever begins with an empty home takes a copy, and passwords of its own.
 */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { drop, empty, keepIn, takeFrom } from "./Prepared/Cache.ts"
import { giveTo, runAs } from "./Postgres/Account.ts"
import { postgresVersion } from "./Postgres/Binaries.ts"
import { failedWithout, initdb, type MakeData, type NewData } from "./Postgres/Cluster.ts"
import { newRecord } from "./Postgres/Home.ts"
import { LauncherError, reasonOf } from "./Postgres/LauncherError.ts"
import { endPostmaster } from "./Postgres/Postmaster.ts"
import { SCRAM_ITERATIONS, settings, start } from "./Postgres/Server.ts"
import type { Server, ServiceDatabases } from "./Provision.ts"
import { embeddedPrefix, keepPasswords, newPasswords, type Passwords, services } from "./Provision/Roles.ts"
import { keepSchema } from "./Provision/Schema.ts"
import { hashOfScripts } from "./Scripts.ts"

/** What is prepared; by default what `stint start` needs. */
export interface Variant {
  /** Tells its folders from others. */
  readonly name?: string
  /** The files that say how it is made, besides this program's. */
  readonly sources?: ReadonlyArray<URL>
  /** Adds to the databases of all services. */
  readonly add?: (server: Server, databases: ServiceDatabases) => Promise<void>
  /** The folders in which it may be kept, in the order of preference; by default those of this project and user. */
  readonly keptIn?: ReadonlyArray<string>
  /** Called when there is no such folder, and one is made, which takes some seconds. */
  readonly onMake?: () => void
}

/** The programs that make the folder. */
const makers = ["./Prepared.ts", "./Provision.ts", "./Provision/Embedded.ts", "./Provision/Roles.ts"]

/** Names the folder after all that it is made from. */
const keyOf = async ({ name = "stack", sources = [] }: Variant): Promise<string> => {
  const hash = await hashOfScripts(services)
  for (const source of [...makers.map((path) => new URL(path, import.meta.url)), ...sources]) {
    hash.update(await readFile(source))
  }
  return `${name}-${await postgresVersion()}-${hash.digest("hex").slice(0, 16)}`
}

/** Nothing of it has to outlive a power cut, and what is copied later ought to be small. */
const building = { fsync: "off", full_page_writes: "off", synchronous_commit: "off", autovacuum: "off" } as const
const small = { min_wal_size: "32MB", wal_recycle: "off" } as const

/** Makes the databases in a new cluster. Its passwords are of this moment: what is kept holds nothing that a home will use. */
const build = async (data: NewData, { add }: Variant): Promise<void> => {
  const record = newRecord()
  await initdb({ ...data, record })
  const site = {
    ...data,
    data: data.folder,
    socketDir: "",
    logFile: join(data.home, "postgres.log"),
    settings: { ...settings, ...building, ...small },
    startTimeout: 60_000,
    stopTimeout: 20_000,
  }
  const { postmaster } = await start(site, undefined)
  try {
    const server: Server = { host: "127.0.0.1", port: postmaster.port, ...record }
    const [{ Effect }, { makeDatabases }] = await Promise.all([import("effect"), import("./Provision/Embedded.ts")])
    const databases = await Effect.runPromise(makeDatabases(server))
    await add?.(server, databases)
  } finally {
    await endPostmaster(postmaster.pid, data.folder, site.stopTimeout, data.log)
  }
}

/** Sets passwords in a data folder that no Postgres runs in. Names are ours and plain, passwords are base64url. */
const setPasswords = async ({ account, binaries, folder }: NewData, passwords: Passwords): Promise<void> => {
  // Two line breaks end a statement there
  const statements = Object.entries(passwords).map(([role, one]) => `alter role ${role} password '${one}';\n\n`)
  const flags = ["--single", "-F", "-j", "-c", `scram_iterations=${SCRAM_ITERATIONS}`, "-D", folder, "postgres"]
  const { code, text } = await runAs(account, binaries.postgres, flags, statements.join(""))
  const failure = /(?:ERROR|FATAL|PANIC): +(.*)/.exec(text)
  if (code === 0 && failure === null) return
  throw new LauncherError(`The passwords of a new database can't be set: ${failure?.[1] ?? `exit status ${code}`}.`)
}

/** Gives the folder to its account, and its roles passwords that no other home has. */
const personalise = async (data: NewData): Promise<void> => {
  await giveTo(data.account, data.folder)
  const passwords = newPasswords(embeddedPrefix)
  await setPasswords(data, { ...passwords, [data.record.user]: data.record.password })
  // Before the folder has its name: a home that has one has these as well
  await keepPasswords(data.home, passwords)
  await keepSchema(data.home, data.record)
}

/** Makes the databases in the folder, keeps a copy in the cache, and personalises it. */
const makeAnew = async (key: string, data: NewData, variant: Variant): Promise<void> => {
  variant.onMake?.()
  await build(data, variant)
  await keepIn(key, data.folder, variant.keptIn)
  await personalise(data)
}

/** The same after a copy of the cache at `failed` could not be used: a new folder takes its place. */
const makeWithout = async (failed: string, key: string, data: NewData, variant: Variant): Promise<void> => {
  try {
    await drop(key, variant.keptIn)
    await empty(data.folder)
    await makeAnew(key, data, variant)
  } catch (error) {
    throw failedWithout(failed, error)
  }
}

/**
 * Makes the data of a home from the prepared folder, which is made first where there is none. A copy whose passwords
 * can't be set is damaged: the cached folder is dropped, and the data is made once without it.
 */
export const fromPrepared = (variant: Variant = {}): MakeData => async (data) => {
  const key = await keyOf(variant)
  if (data.uncached !== undefined) return await makeWithout(data.uncached, key, data, variant)
  const copied = await takeFrom(key, data.folder, variant.keptIn)
  if (copied === undefined) return await makeAnew(key, data, variant)
  try {
    await personalise(data)
    return copied
  } catch (error) {
    data.log(`The cached database ${copied} can't be used, making a new one: ${reasonOf(error)}`)
    await makeWithout(copied, key, data, variant)
  }
}
