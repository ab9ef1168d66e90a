import { parsePgUrl, type PgUrlError } from "@stint/edge/Pg/Url"
import { GATEWAY_PORT, PORT_BASE, PORTS } from "@stint/edge/Ports"
import type { ConsoleState } from "../../bin/console.js"
import { homeOf } from "../Home.ts"
import { LauncherError } from "../Postgres/LauncherError.ts"

/** A service that the launcher starts. */
export type ServiceName = keyof typeof PORTS

/** The services, in the order of their ports. */
export const serviceNames = Object.keys(PORTS) as ReadonlyArray<ServiceName>

/** A process that the launcher starts: a service, or the front door, which has no database. */
export type ProcessName = ServiceName | "gateway"

/** The variables of a process. */
export type Env = Readonly<Record<string, string | undefined>>

/** How a service reaches its database: as itself, and as the owner, who alone may change the schema. */
export interface DatabaseUrls {
  readonly databaseUrl: string
  readonly migrateUrl: string
}

/** What `stint start` was asked for. */
export interface Settings {
  readonly env: Env
  readonly home: string
  /** Where the services listen. */
  readonly host: string
  /** Where this machine's programs reach them. */
  readonly reachedAt: string
  readonly portBase: number
  /** The databases that were given; the others live in the embedded Postgres. */
  readonly databases: Readonly<Partial<Record<ServiceName, DatabaseUrls>>>
  /** Whether tokens come from an issuer that is not ours. */
  readonly foreignTokens: boolean
  /** The folder of the bundled programs, which bin/stint.js found; services run from their sources without one. */
  readonly programs: string | undefined
  /** How the console's pages stand, which bin/stint.js looked at. */
  readonly pages: ConsoleState | undefined
}

const portBaseOf = (text: string | undefined): number => {
  const base = Number(text || PORT_BASE)
  if (/^\d+$/.test(text || "0") && base >= 1 && base <= 65_531) return base
  throw new LauncherError(`STINT_PORT_BASE is ${JSON.stringify(text)}: it must be a port from 1 to 65531.`)
}

const requireUrl = (name: string, text: string): string => {
  try {
    parsePgUrl(text)
    return text
  } catch (error) {
    throw new LauncherError(`${name} ${(error as PgUrlError).message}.`)
  }
}

const databaseOf = (env: Env, service: ServiceName): DatabaseUrls | undefined => {
  const names = [`${service.toUpperCase()}_DATABASE_URL`, `${service.toUpperCase()}_MIGRATE_URL`] as const
  const [databaseUrl, migrateUrl] = names.map((name) => env[name] ? requireUrl(name, env[name]) : undefined)
  if (databaseUrl !== undefined) return { databaseUrl, migrateUrl: migrateUrl ?? databaseUrl }
  if (migrateUrl === undefined) return undefined
  throw new LauncherError(`${names[1]} is given without ${names[0]}: give both, or neither.`)
}

/** Neither Deno's permissions nor Postgres' socket folders can name a path with a comma. */
const requireNoComma = (home: string): string => {
  if (!home.includes(",")) return home
  throw new LauncherError(`The data folder ${home} has a comma in its path: set STINT_HOME to one without.`)
}

/** Reads what was asked for. Fails with a LauncherError on the first thing that can't be. */
export const settingsOf = (env: Env): Settings => {
  const host = env.STINT_HOST || "127.0.0.1"
  const everywhere: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" }
  return {
    env,
    home: requireNoComma(homeOf(env)),
    host,
    reachedAt: everywhere[host] ?? host,
    portBase: portBaseOf(env.STINT_PORT_BASE),
    databases: Object.fromEntries(
      serviceNames.flatMap((service) => {
        const urls = databaseOf(env, service)
        return urls === undefined ? [] : [[service, urls]]
      }),
    ),
    foreignTokens: Boolean(env.STINT_JWKS_URL || env.STINT_JWKS_FILE || env.STINT_JWKS),
    programs: env.STINT_PROGRAMS || undefined,
    pages: env.STINT_CONSOLE_STATE as ConsoleState | undefined || undefined,
  }
}

/** The port of a process. */
export const portOf = ({ portBase }: Settings, name: ProcessName): number =>
  portBase + (name === "gateway" ? GATEWAY_PORT : PORTS[name])

/** `host:port`, as urls and permissions have it. */
export const addressOf = (host: string, port: number): string => `${host.includes(":") ? `[${host}]` : host}:${port}`

/** The url of a process for programs of this machine. */
export const urlOf = (settings: Settings, name: ProcessName): string =>
  `http://${addressOf(settings.reachedAt, portOf(settings, name))}`
