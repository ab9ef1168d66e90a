/** Which databases `stint db` works on: those that were given, or the embedded ones of STINT_HOME. */
import { Effect, Redacted } from "effect"
import { startPostgres } from "../Postgres.ts"
import { hasPostgres, lockHome, openHome, readRecord } from "../Postgres/Home.ts"
import { LauncherError } from "../Postgres/LauncherError.ts"
import { databasesOf, type Server, type ServiceName } from "../Provision.ts"
import { openDatabases } from "../Provision/Embedded.ts"
import { embeddedPrefix, readPasswords } from "../Provision/Roles.ts"
import { run } from "../Stack/Databases.ts"
import { type Settings, settingsOf } from "../Stack/Settings.ts"
import { parsePgUrl } from "@stint/edge/Pg/Url"

/** A database, as the service and as the owner reach it. */
export interface Target {
  readonly settings: Settings
  readonly service: ServiceName
  readonly databaseUrl: Redacted.Redacted
  readonly migrateUrl: Redacted.Redacted
  readonly runtimeRole: string
}

/** The embedded server of a home: the one that runs for a stack already, or one that `stop` ends. */
const embeddedServer = async (home: string, log: (line: string) => void) => {
  const path = await openHome(home)
  const known = await readRecord(path)
  const unlock = known?.port === undefined ? undefined : await lockHome(path).catch(() => "taken" as const)
  if (known?.port !== undefined && unlock === "taken") {
    const { password, port, user } = known
    return { server: { host: "127.0.0.1", port, user, password }, stop: () => Promise.resolve() }
  }
  if (typeof unlock === "function") unlock()
  const postgres = await startPostgres({ home, log })
  const server: Server = { host: postgres.host, port: postgres.port, ...postgres.superuser }
  return { server, stop: () => postgres.stop() }
}

const givenTarget = (settings: Settings, service: ServiceName): Target | undefined => {
  const urls = settings.databases[service]
  return urls === undefined ? undefined : {
    settings,
    service,
    databaseUrl: Redacted.make(urls.databaseUrl),
    migrateUrl: Redacted.make(urls.migrateUrl),
    runtimeRole: parsePgUrl(urls.databaseUrl).user,
  }
}

/** The passwords of the embedded databases that a home has. Makes nothing: fails with a LauncherError where something is missing. */
const existing = async (home: string) => {
  if (!(await hasPostgres(home))) {
    throw new LauncherError(
      `There is no Postgres in ${home}: stint start makes one. Name its folder in STINT_HOME, or your own databases in ` +
        "<SERVICE>_DATABASE_URL.",
    )
  }
  const passwords = await readPasswords(home)
  if (passwords !== undefined) return passwords
  throw new LauncherError(
    `${home} has no passwords of its databases (database-roles.json): stint start makes new ones.`,
  )
}

/**
 * Does something with the databases of these services, which are there meanwhile. An embedded Postgres that is not there, or
 * its databases, are made only for what `makes`. Fails with a LauncherError.
 */
export const withTargets = async <A>(
  env: Readonly<Record<string, string | undefined>>,
  services: ReadonlyArray<ServiceName>,
  use: (targets: ReadonlyArray<Target>) => Promise<A>,
  { makes = false }: { readonly makes?: boolean } = {},
): Promise<A> => {
  const settings = settingsOf(env)
  const given = services.map((service) => givenTarget(settings, service))
  if (given.every((target) => target !== undefined)) return await use(given)
  const passwords = makes ? undefined : await existing(settings.home)
  const { server, stop } = await embeddedServer(settings.home, (line) => console.error(line))
  try {
    const own = passwords === undefined
      ? await run(settings, openDatabases(settings.home, server).pipe(Effect.scoped))
      : databasesOf(server, embeddedPrefix, passwords)
    return await use(services.map((service, i) => given[i] ?? { settings, service, ...own[service] }))
  } finally {
    await stop()
  }
}
