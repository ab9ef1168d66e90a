/** The databases of a stack that its last start left at the schema of this program. Imports nothing that is slow to load. */
import type { RunningPostgres } from "../Postgres.ts"
import { embeddedPrefix, namesOf, type Passwords, urlTextOf } from "../Provision/Roles.ts"
import { keptPasswords } from "../Provision/Schema.ts"
import type { ServiceName } from "./Settings.ts"
import type { OwnServer, Placed } from "./Storage.ts"

/** A server that the launcher runs. */
export interface OwnDatabases {
  readonly kind: OwnServer
  readonly postgres: RunningPostgres & { readonly home: string }
}

/** The passwords of each server; undefined when one of them has databases of another schema, other passwords, or none. */
const passwordsOf = async (servers: ReadonlyArray<OwnDatabases>) => {
  const all = new Map<OwnServer, Passwords>()
  for (const { kind, postgres: { home, superuser } } of servers) {
    const passwords = await keptPasswords(home, superuser)
    if (passwords === undefined) return undefined
    all.set(kind, passwords)
  }
  return all
}

/**
 * The url of each service's database, as the service itself connects. Undefined when one of them has to be looked at first: it was
 * given, or stands at the schema of another program as far as the home knows.
 */
export const knownUrls = async (
  services: ReadonlyArray<Placed>,
  servers: ReadonlyArray<OwnDatabases>,
): Promise<Readonly<Partial<Record<ServiceName, string>>> | undefined> => {
  if (services.some(({ storage }) => storage.kind === "given")) return undefined
  const passwords = await passwordsOf(servers)
  if (passwords === undefined) return undefined
  return Object.fromEntries(services.flatMap(({ service, storage }) => {
    const server = servers.find(({ kind }) => kind === storage.kind)
    if (server === undefined) return []
    const { database, runtime } = namesOf(embeddedPrefix, service)
    return [[service, urlTextOf(server.postgres, runtime, passwords.get(server.kind)![runtime]!, database)]]
  }))
}
