/** The databases and roles of the services by name, and the passwords of the roles. Imports nothing that is slow to load. */
import { readTextFile } from "@stint/edge/Serve/TextFile"
import { randomBytes } from "node:crypto"
import { rename, writeFile } from "node:fs/promises"
import { join } from "node:path"

/** A server and a superuser on it. */
export interface Server {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
}

/** The connection string of a role, with its password in it. */
export const urlTextOf = (
  { host, port }: Pick<Server, "host" | "port">,
  role: string,
  password: string,
  database: string,
): string => `postgres://${role}:${encodeURIComponent(password)}@${host}:${port}/${database}`

/** The services that keep data, each in a database of its own. */
export const services = ["catalog", "hiring", "deliverables", "scheduler"] as const

/** The name of a service that keeps data. */
export type ServiceName = typeof services[number]

/** A password for each role. */
export type Passwords = Readonly<Record<string, string>>

/** What the names begin with where the server is our own. */
export const embeddedPrefix = "stint"

/** The database of a service, its owner, and the role that the service connects as. */
export const namesOf = (prefix: string, service: ServiceName) => ({
  database: `${prefix}_${service}`,
  owner: `${prefix}_${service}_owner`,
  runtime: `${prefix}_${service}`,
})

/** New random passwords for the roles of all services. */
export const newPasswords = (prefix: string): Passwords =>
  Object.fromEntries(
    services.flatMap((service) => [namesOf(prefix, service).owner, namesOf(prefix, service).runtime])
      .map((role) => [role, randomBytes(24).toString("base64url")]),
  )

const pathIn = (home: string): string => join(home, "database-roles.json")

/** The passwords of a home's embedded roles; undefined when the file is gone or damaged. */
export const readPasswords = (home: string): Promise<Passwords | undefined> =>
  readTextFile(pathIn(home)).then((text) => JSON.parse(text) as Passwords).catch(() => undefined)

/** Replaces the passwords that a home has (0600). */
export const keepPasswords = async (home: string, passwords: Passwords): Promise<void> => {
  const path = pathIn(home)
  await writeFile(`${path}.new`, `${JSON.stringify(passwords, null, 2)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}
