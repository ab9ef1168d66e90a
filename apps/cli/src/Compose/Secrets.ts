/** The secrets of a stack in containers, each where only who needs it mounts it. See docs/compose.md. */
import { readTextFile } from "@stint/edge/Serve/TextFile"
import { Redacted } from "effect"
import { randomBytes } from "node:crypto"
import { chmod, mkdir, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { DevKey } from "../DevKey.ts"
import { LauncherError, reasonOf } from "../Postgres/LauncherError.ts"
import type { Server, ServiceDatabases } from "../Provision.ts"
import { type ServiceName, serviceNames } from "../Stack/Settings.ts"

/** The folders, which are volumes of docker-compose.yml. */
export interface Folders {
  /** The signing key and the passwords of all roles. */
  readonly vault: string
  /** The superuser's password, for Postgres itself. */
  readonly superuser: string
  /** What services read: their tokens, and a file of variables for each. */
  readonly services: string
}

/** The superuser of the Postgres image. */
const SUPERUSER = "postgres"

const passwordPath = ({ superuser }: Folders): string => join(superuser, "password")

const writing = async (folder: string, write: () => Promise<void>): Promise<void> => {
  try {
    await write()
  } catch (error) {
    throw new LauncherError(`The folder ${folder} can't be written: ${reasonOf(error)}.`)
  }
}

/** All at once, so that nobody reads half of it. */
const replace = async (path: string, text: string, mode: number): Promise<void> => {
  await writeFile(`${path}.new`, text, { mode })
  await rename(`${path}.new`, path)
}

/** Makes the superuser's password when there is none yet. Fails with a LauncherError. */
export const keepSuperuserPassword = (folders: Folders): Promise<void> =>
  writing(folders.superuser, async () => {
    await mkdir(folders.superuser, { recursive: true })
    const path = passwordPath(folders)
    const known = await readTextFile(path).catch(() => "")
    if (known.trim() !== "") return
    await replace(path, `${randomBytes(24).toString("base64url")}\n`, 0o444)
    // Postgres reads it as a user of its own; whoever does not mount the volume sees nothing of it
    await chmod(path, 0o444)
  })

/** The Postgres at `host:port`, as its superuser. Fails with a LauncherError. */
export const superuserOf = async (folders: Folders, address: string): Promise<Server> => {
  const [, host, port] = /^([^:]+):(\d{1,5})$/.exec(address) ?? []
  if (host === undefined) throw new LauncherError(`--postgres ${JSON.stringify(address)} must be host:port.`)
  const password = await readTextFile(passwordPath(folders)).catch((error) => {
    throw new LauncherError(`The password ${passwordPath(folders)} can't be read: ${reasonOf(error)}.`)
  })
  return { host, port: Number(port), user: SUPERUSER, password: password.trim() }
}

/** Values are base64url, urls of ours and a JWKS: none has a single quote in it. */
const variables = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values).map(([name, value]) => `${name}='${value}'\n`).join("")

/**
 * Writes what each service is given of secrets (`<service>.env`), and for an operator's commands all urls
 * (`databases.env` of the vault), as files for a shell to read. Fails with a LauncherError.
 */
export const writeVariables = async (folders: Folders, key: DevKey, databases: ServiceDatabases): Promise<void> => {
  const urls = (service: ServiceName) => ({
    [`${service.toUpperCase()}_DATABASE_URL`]: Redacted.value(databases[service].databaseUrl),
  })
  const jwks = await key.jwks()
  await writing(folders.services, async () => {
    for (const service of serviceNames) {
      // The key set that services take is a file; this one is for 0.2.0, which may still run beside them
      const text = variables({ ...urls(service), STINT_JWKS: jwks })
      await replace(join(folders.services, `${service}.env`), text, 0o600)
    }
  })
  const all = serviceNames.map((service) => ({
    ...urls(service),
    [`${service.toUpperCase()}_MIGRATE_URL`]: Redacted.value(databases[service].migrateUrl),
  }))
  await writing(
    folders.vault,
    () => replace(join(folders.vault, "databases.env"), variables(Object.assign({}, ...all)), 0o600),
  )
}
