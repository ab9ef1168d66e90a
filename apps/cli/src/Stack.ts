import { stat } from "node:fs/promises"
import { join } from "node:path"
import { type DevKey, openDevKey } from "./DevKey.ts"
import { jwksFileOf, revokedFileOf } from "./DevKey/Store.ts"
import type { Output } from "./Output.ts"
import { buildConsole, consoleState } from "./Pages.ts"
import { LauncherError } from "./Postgres/LauncherError.ts"
import { pause } from "./Postgres/Postmaster.ts"
import { gatewayLaunch, makeSessionKey } from "./Stack/Gateway.ts"
import { knownUrls, type OwnDatabases } from "./Stack/Known.ts"
import { launchOf } from "./Stack/Launch.ts"
import { requireFreePorts } from "./Stack/Ports.ts"
import { supervise, type Supervised } from "./Stack/Process.ts"
import { removeAbandoned, type Starting, startServer } from "./Stack/Servers.ts"
import { keepServiceTokens, serviceTokenFileOf } from "./Stack/ServiceTokens.ts"
import { type ServiceName, serviceNames, type Settings, urlOf } from "./Stack/Settings.ts"
import { hostFor, type OwnServer, type Placed, placed, urlVariable } from "./Stack/Storage.ts"

/** How long the services may take to finish what they do, in milliseconds. */
const DRAIN_MS = 25_000

/** A stack that can do its work. */
export interface Stack {
  /** Where people look. */
  readonly console: string
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
  readonly servers: Array<Starting>
}

/** The file of a service's own token; none for a service that calls no other. */
const tokenFileFor = (settings: Settings, service: ServiceName, env: ReadonlyArray<string>): string | undefined => {
  if (!env.includes("STINT_SERVICE_TOKEN_FILE")) return undefined
  if (!settings.foreignTokens) return serviceTokenFileOf(settings.home, service)
  const name = `${service.toUpperCase()}_TOKEN_FILE`
  const file = settings.env[name]
  if (file) return file
  throw new LauncherError(`Tokens come from another issuer: name the file of ${service}'s own ones in ${name}.`)
}

/** Databases that were given without an owner of their own: the service may change its schema there. */
const warnOfOwners = (services: ReadonlyArray<Placed>, log: (line: string) => void): void => {
  const asOwner = services.flatMap(({ service, storage }) =>
    storage.kind === "given" && storage.urls.migrateUrl === storage.urls.databaseUrl ? [service] : []
  )
  if (asOwner.length === 0) return
  log(`warning: no <SERVICE>_MIGRATE_URL of an owner is given for ${asOwner.join(", ")}: it may change its own schema`)
}

const exists = (path: string): Promise<boolean> => stat(path).then(() => true, () => false)

/** A step of the start, as the lines of the services are written. */
const step = (output: Output, who: string, text: string) => output.line(`${who.padEnd(12)} ${text}`)

/** Starts the servers that these services need of us. */
const startServers = async (services: ReadonlyArray<Placed>, home: string, output: Output) => {
  const users = (kind: OwnServer) => services.flatMap(({ service, storage }) => storage.kind === kind ? [service] : [])
  const [stays, goes] = [users("embedded"), users("memory")]
  if (stays.length > 0) step(output, "postgres", "starting")
  if (goes.length > 0) step(output, "postgres", `starting one in memory, for ${goes.join(", ")}`)
  const kinds = [...stays.length > 0 ? ["embedded" as const] : [], ...goes.length > 0 ? ["memory" as const] : []]
  return await Promise.all(kinds.map((kind) =>
    startServer(kind, home, {
      log: (line) => output.line(line),
      made: () =>
        step(output, "postgres", "preparing the databases (once on this machine; later empty homes copy them)"),
    })
  ))
}

/**
 * Where the databases are: as the last start left them, else migrated now. `mend` migrates those that were taken as they were left,
 * once: a service refused its own.
 */
const findDatabases = async (
  settings: Settings,
  services: ReadonlyArray<Placed>,
  servers: ReadonlyArray<OwnDatabases>,
  output: Output,
) => {
  const migrate = async () => {
    if (services.some(({ storage }) => storage.kind !== "process")) step(output, "databases", "migrating")
    const { prepare } = await import("./Stack/Databases.ts")
    return await prepare(settings, services, servers)
  }
  const known = await knownUrls(services, servers)
  let mended: Promise<unknown> | undefined
  return {
    urls: known ?? await migrate(),
    mend: (): Promise<unknown> => known === undefined ? Promise.resolve() : mended ??= migrate(),
  }
}

/** Builds the console where its sources are not those that it was built of. Without it the services work all the same. */
const makePages = async ({ pages }: Settings, output: Output): Promise<void> => {
  if ((pages ?? consoleState()) !== "stale") return
  step(output, "console", "building (a few seconds, once for these sources)")
  const failure = await buildConsole()
  if (failure !== undefined) step(output, "console", `not built: ${failure}`)
}

/** Waits until all can do their work, and says of each where it is. */
const allUp = async (settings: Settings, begun: Begun, output: Output): Promise<void> => {
  const lines = async () => {
    for (const [i, name] of (["gateway", ...serviceNames] as const).entries()) {
      await begun.services[i]!.up
      step(output, name === "gateway" ? "console" : name, urlOf(settings, name))
    }
  }
  await Promise.all([lines(), ...begun.services.map(({ up }) => up)])
}

/**
 * Starts all, and answers when all can do their work. The services load their code while Postgres starts, and begin when
 * their databases are at the schema of this program. Fails with a LauncherError; what was begun stands in `begun`.
 */
export const startStack = async (settings: Settings, begun: Begun, output: Output): Promise<Stack> => {
  const { home } = settings
  const log = (line: string) => output.line(line)
  await requireFreePorts(settings)
  const services = await placed(settings)
  warnOfOwners(services, log)
  const isEmbedded = services.every(({ storage }) => storage.kind === "embedded")
  const isNew = isEmbedded && !(await exists(join(home, "postgres.json")))
  const tokenFiles = services.map(({ manifest, service }) => tokenFileFor(settings, service, manifest.env))
  const isLocal = !settings.foreignTokens
  const openKey = async () => isLocal ? await openDevKey(home, settings.env) : undefined
  // Before anything else in a new home: it says best what is wrong with that
  let key = isNew ? await openKey() : undefined
  const removed = removeAbandoned()
  begun.servers.push(...await startServers(services, home, output))

  const urls = Promise.withResolvers<Readonly<Partial<Record<ServiceName, string>>>>()
  const gateway = await gatewayLaunch(settings, isLocal)
  let mend = (): Promise<unknown> => Promise.resolve()
  const launch = (ports: Readonly<Partial<Record<OwnServer, number>>>) => [
    supervise({
      name: "gateway",
      url: urlOf(settings, "gateway"),
      launch: gateway,
      // It needs no database, and calls the services from its start
      rest: urls.promise.then(() => ({})),
    }, output),
    ...services.map((place, i) =>
      supervise({
        name: place.service,
        url: urlOf(settings, place.service),
        launch: () =>
          launchOf(settings, place.service, place.manifest, {
            databaseHost: hostFor(place, ports),
            jwksFile: isLocal ? jwksFileOf(home) : undefined,
            revokedFile: isLocal ? revokedFileOf(home) : undefined,
            tokenFile: tokenFiles[i],
            // where the links of messages lead
            own: { STINT_CONSOLE_URL: settings.env.STINT_PUBLIC_URL || urlOf(settings, "gateway") },
          }),
        rest: urls.promise.then((all) =>
          all[place.service] === undefined ? {} : { [urlVariable(place)]: all[place.service]! }
        ),
        mend: () => mend(),
      }, output)
    ),
  ]
  begun.services.push(...launch(Object.fromEntries(begun.servers.map(({ kind, port }) => [kind, port]))))
  // They read the files of keys and tokens once they begin: what makes these runs while they load
  if (!settings.env.STINT_SESSION_KEY_FILE) await makeSessionKey(home)
  key ??= await openKey()
  if (key !== undefined) begun.timers.push(await keepServiceTokens({ home, folder: home, env: settings.env, log }))

  const servers = await Promise.all(begun.servers.map(async (it) => ({ ...it, postgres: await it.up })))
  const databases = await findDatabases(settings, services, servers, output)
  mend = databases.mend
  await removed
  if (servers.some(({ port, postgres }) => postgres.port !== port)) {
    // Another program took the port meanwhile, and the services may reach none but that
    await Promise.all(begun.services.splice(0).map((service) => service.stop()))
    begun.services.push(...launch(Object.fromEntries(servers.map(({ kind, postgres }) => [kind, postgres.port]))))
  }
  step(output, "services", "starting")
  urls.resolve(databases.urls)
  const pages = makePages(settings, output)
  const lost = Promise.race([...servers.map(({ postgres }) => postgres), ...begun.services].map((part) => part.lost))
  await Promise.race([
    Promise.all([allUp(settings, begun, output), pages]),
    lost.then((error) => Promise.reject(error)),
  ])
  return {
    console: urlOf(settings, "gateway"),
    urls: Object.fromEntries(serviceNames.map((service) => [service, urlOf(settings, service)])) as Stack["urls"],
    key,
    isEmbedded,
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
  await Promise.all(begun.servers.map(async ({ up }) => (await up.catch(() => undefined))?.stop()))
}
