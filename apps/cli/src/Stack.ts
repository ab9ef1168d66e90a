import { stat } from "node:fs/promises"
import { join } from "node:path"
import { type DevKey, openDevKey } from "./DevKey.ts"
import type { Output } from "./Output.ts"
import { type RunningPostgres, startPostgres } from "./Postgres.ts"
import { readMemory } from "./Postgres/Home.ts"
import { LauncherError } from "./Postgres/LauncherError.ts"
import { pause } from "./Postgres/Postmaster.ts"
import { freePort } from "./Postgres/Server.ts"
import { databaseHost, databaseVariable, launchOf, manifestOf } from "./Stack/Launch.ts"
import { requireFreePorts } from "./Stack/Ports.ts"
import { supervise, type Supervised } from "./Stack/Process.ts"
import { keepServiceTokens, tokenFileOf } from "./Stack/ServiceTokens.ts"
import { type ServiceName, serviceNames, type Settings, urlOf } from "./Stack/Settings.ts"

/** How long the services may take to finish what they do, in milliseconds. */
const DRAIN_MS = 25_000

/** A stack that can do its work. */
export interface Stack {
  /** Where each service listens. */
  readonly urls: Readonly<Record<ServiceName, string>>
  /** Signs tokens of the local stack; absent where tokens come from another issuer. */
  readonly key: DevKey | undefined
  /** Whether all databases are embedded, and whether this start made them. */
  readonly isEmbedded: boolean
  readonly isNew: boolean
  /** Fulfilled with the reason when it can't go on. */
  readonly lost: Promise<LauncherError>
}

/** What was begun and has to be ended, however far the start came. */
export interface Begun {
  readonly services: Array<Supervised>
  readonly timers: Array<() => void>
  postgres?: Promise<RunningPostgres>
}

/** The file of a service's own token; none for a service that calls no other. */
const tokenFileFor = (settings: Settings, service: ServiceName, env: ReadonlyArray<string>): string | undefined => {
  if (!env.includes("STINT_SERVICE_TOKEN_FILE")) return undefined
  if (!settings.foreignTokens) return tokenFileOf(settings.home, service)
  const name = `${service.toUpperCase()}_TOKEN_FILE`
  const file = settings.env[name]
  if (file) return file
  throw new LauncherError(`Tokens come from another issuer: name the file of ${service}'s own one in ${name}.`)
}

/**
 * Starts all, and answers when all can do their work. The services load their code while Postgres starts, and begin when
 * their databases are at the schema of this program. Fails with a LauncherError; what was begun stands in `begun`.
 */
export const startStack = async (settings: Settings, begun: Begun, output: Output): Promise<Stack> => {
  const { databases, home } = settings
  const log = (line: string) => output.line(line)
  await requireFreePorts(settings)
  const manifests = await Promise.all(serviceNames.map(manifestOf))
  const stored = serviceNames.filter((_, i) => {
    const { value, variable } = manifests[i]!.inMemory
    return settings.env[variable] !== value
  })
  const own = stored.filter((service) => databases[service] === undefined)
  const asOwner = stored.filter((service) =>
    databases[service] !== undefined && databases[service].migrateUrl === databases[service].databaseUrl
  )
  if (asOwner.length > 0) {
    log(
      `warning: no <SERVICE>_MIGRATE_URL of an owner is given for ${asOwner.join(", ")}: it may change its own schema`,
    )
  }
  const isNew = own.length > 0 && !(await stat(join(home, "postgres.json")).then(() => true, () => false))
  const key = settings.foreignTokens ? undefined : await openDevKey(home, settings.env)
  const tokenFiles = serviceNames.map((service, i) => tokenFileFor(settings, service, manifests[i]!.env))
  const port = own.length === 0 ? undefined : (await readMemory(home))?.port ?? freePort()
  if (port !== undefined) {
    begun.postgres = startPostgres({ home, port, log })
    begun.postgres.catch(() => {})
  }
  if (key !== undefined) begun.timers.push(await keepServiceTokens(home, key, log))

  const urls = Promise.withResolvers<Readonly<Partial<Record<ServiceName, string>>>>()
  const launch = (ownPort: number | undefined) =>
    serviceNames.map((service, i) =>
      supervise({
        name: service,
        url: urlOf(settings, service),
        launch: launchOf(settings, service, manifests[i]!, {
          databaseHost: !stored.includes(service)
            ? undefined
            : databases[service] === undefined
            ? `127.0.0.1:${ownPort}`
            : databaseHost(databases[service].databaseUrl),
          jwks: key?.jwks,
          tokenFile: tokenFiles[i],
        }),
        rest: urls.promise.then((all) =>
          all[service] === undefined ? {} : { [databaseVariable(service)]: all[service] }
        ),
      }, output)
    )
  begun.services.push(...launch(port))

  const { prepare } = await import("./Stack/Databases.ts")
  const postgres = await begun.postgres
  const prepared = await prepare(settings, stored, postgres)
  if (postgres?.port !== port) {
    // Another program took the port meanwhile, and the services may reach none but that
    await Promise.all(begun.services.splice(0).map((service) => service.stop()))
    begun.services.push(...launch(postgres?.port))
  }
  urls.resolve(prepared)
  const lost = Promise.race([
    postgres?.lost ?? new Promise<never>(() => {}),
    ...begun.services.map((service) => service.lost),
  ])
  const up = Promise.all(begun.services.map((service) => service.up))
  await Promise.race([up, lost.then((error) => Promise.reject(error))])
  for (const service of serviceNames) log(`${service.padEnd(12)} ${urlOf(settings, service)}`)
  return {
    urls: Object.fromEntries(serviceNames.map((service) => [service, urlOf(settings, service)])) as Stack["urls"],
    key,
    isEmbedded: own.length === serviceNames.length,
    isNew,
    lost,
  }
}

/** Ends all: the services first, each finishing what it does unless `hurry` is fulfilled, Postgres last. */
export const stopStack = async (begun: Begun, hurry: Promise<void>): Promise<void> => {
  for (const stop of begun.timers) stop()
  const stopped = Promise.all(begun.services.map((service) => service.stop()))
  await Promise.race([stopped, hurry, pause(DRAIN_MS)])
  for (const service of begun.services) service.kill()
  await stopped
  await (await begun.postgres?.catch(() => undefined))?.stop()
}
