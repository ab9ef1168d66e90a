/** What has to be on the machine, and the folder of the installation. */
import { execFile } from "node:child_process"
import { access, constants, stat, statfs } from "node:fs/promises"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import manifest from "../../../../package.json" with { type: "json" }
import { signerAt } from "../DevKey/Ring.ts"
import { readRing } from "../DevKey/Store.ts"
import { postgresVersion } from "../Postgres/Binaries.ts"
import { LauncherError, reasonOf } from "../Postgres/LauncherError.ts"
import { serviceNames, type Settings } from "../Stack/Settings.ts"
import { failed, type Finding, ok, skipped, warning } from "./Finding.ts"

/** The oldest Node that starts the command line. */
const NODE = 20
/** Below so much free disk a write may fail soon, in MiB; below the second a person should know. */
const LITTLE_MIB = 256
const SOME_MIB = 2_048

const node = async (): Promise<Finding> => {
  const found = await promisify(execFile)("node", ["--version"]).then(({ stdout }) => stdout.trim(), () => undefined)
  if (found === undefined) return failed("node", "no node is on the PATH", `install Node ${NODE} or newer`)
  if (Number(/^v(\d+)/.exec(found)?.[1]) >= NODE) return ok("node", found)
  return failed("node", `${found} is too old`, `install Node ${NODE} or newer`)
}

const deno = (): Finding => {
  const { deno: wanted } = manifest.dependencies
  const found = Deno.version.deno
  if (found === wanted) return ok("deno", found)
  return warning("deno", `${found} runs this, ${wanted} was tested`, "run npm ci, and stint as npx stint")
}

const postgres = async ({ databases }: Settings): Promise<Finding> => {
  if (serviceNames.every((service) => databases[service] !== undefined)) {
    return skipped("postgres", "not needed here: *_DATABASE_URL name all databases")
  }
  try {
    return ok("postgres", `${await postgresVersion()}, embedded`)
  } catch (error) {
    return failed("postgres", (error as Error).message, "run npm ci, optional packages too, or give *_DATABASE_URL")
  }
}

/** The folder itself, or the nearest one above that is there. */
const nearest = async (path: string): Promise<string> =>
  await stat(path).then(() => true, () => false) || dirname(path) === path ? path : await nearest(dirname(path))

const home = async ({ home }: Settings): Promise<Finding> => {
  const there = await nearest(home)
  try {
    await access(there, constants.R_OK | constants.W_OK)
    return there === home ? ok("home", home) : ok("home", `${home} is not there yet: stint start makes it`)
  } catch (error) {
    return failed("home", `${there}: ${reasonOf(error)}`, "give it to this user, or set STINT_HOME to another folder")
  }
}

const disk = async ({ home }: Settings): Promise<Finding> => {
  const { bavail, bsize } = await statfs(await nearest(home))
  const free = Math.floor((bavail * bsize) / 2 ** 20)
  const detail = `${free.toLocaleString("en")} MiB free for ${home}`
  if (free >= SOME_MIB) return ok("disk", detail)
  const mend = "make room, or set STINT_HOME to a folder on another disk"
  return free < LITTLE_MIB ? failed("disk", detail, mend) : warning("disk", detail, mend)
}

/** Whether others than its owner may read a file of the keys; where the system has such rights. */
const isOpen = async (path: string): Promise<boolean> =>
  Deno.build.os !== "windows" && ((await stat(path)).mode & 0o077) !== 0

const keys = async ({ foreignTokens, home }: Settings): Promise<Finding> => {
  if (foreignTokens) return skipped("keys", "STINT_JWKS_URL, STINT_JWKS_FILE or STINT_JWKS name an issuer of its own")
  try {
    const ring = await readRing(home)
    if (ring === undefined) return skipped("keys", "none yet: stint start makes them")
    const signer = signerAt(ring, Date.now())
    if (signer === undefined) {
      return failed("keys", "none of them can sign", `remove ${join(home, "keys")}: stint start makes new ones`)
    }
    const path = join(home, "keys", "keys.json")
    if (await isOpen(path)) {
      return failed("keys", `others than its owner may read ${path}`, `chmod 600 ${path}, then stint keys rotate`)
    }
    return ok("keys", `${signer.kid} signs`)
  } catch (error) {
    if (!(error instanceof LauncherError)) throw error
    return failed("keys", error.message, `look at ${join(home, "keys")}, or remove it: stint start makes new keys`)
  }
}

/** Checks the machine. */
export const machine = async (settings: Settings): Promise<ReadonlyArray<Finding>> => [
  await node(),
  deno(),
  await postgres(settings),
  await home(settings),
  await disk(settings),
  await keys(settings),
]
