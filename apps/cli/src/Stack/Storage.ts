/** Where each service keeps its rows, from its flag and the urls that were given. */
import type { Manifest } from "@stint/edge/Manifest"
import { databaseHost, manifestOf } from "./Launch.ts"
import { type DatabaseUrls, type ServiceName, serviceNames, type Settings } from "./Settings.ts"

/** A Postgres that the launcher runs: one that stays, in the home, and one in memory, which goes away with the stack. */
export type OwnServer = "embedded" | "memory"

/** Where rows are: in the process itself, in a Postgres of the launcher's, or in one that was given. */
export type Storage =
  | { readonly kind: "process" }
  | { readonly kind: OwnServer }
  | { readonly kind: "given"; readonly urls: DatabaseUrls }

/** A service, what it needs, and where its rows are. */
export interface Placed {
  readonly service: ServiceName
  readonly manifest: Manifest
  readonly storage: Storage
}

const memoryVariable = (service: ServiceName): string => `${service.toUpperCase()}_MEMORY_URL`

/** The variable by which a service learns of its database. */
export const urlVariable = ({ service, storage }: Placed): string =>
  storage.kind === "memory" ? memoryVariable(service) : `${service.toUpperCase()}_DATABASE_URL`

const storageOf = (
  { databases, env }: Settings,
  service: ServiceName,
  { inMemory, ...manifest }: Manifest,
): Storage => {
  if (inMemory !== undefined && env[inMemory.variable] === inMemory.value) {
    return { kind: manifest.env.includes(memoryVariable(service)) ? "memory" : "process" }
  }
  const urls = databases[service]
  return urls === undefined ? { kind: "embedded" } : { kind: "given", urls }
}

/** All services with their storage. */
export const placed = (settings: Settings): Promise<ReadonlyArray<Placed>> =>
  Promise.all(serviceNames.map(async (service) => {
    const manifest = await manifestOf(service)
    return { service, manifest, storage: storageOf(settings, service, manifest) }
  }))

/** The address that a service needs for its database, given the ports of our own servers. */
export const hostFor = ({ storage }: Placed, ports: Readonly<Partial<Record<OwnServer, number>>>): string | undefined =>
  storage.kind === "process"
    ? undefined
    : storage.kind === "given"
    ? databaseHost(storage.urls.databaseUrl)
    : `127.0.0.1:${ports[storage.kind]}`
