/** From what a service says it needs (its manifest) to the process that gets exactly that. */
import {
  baseUrlsOf,
  parseHostList,
  parseHttpUrl,
  parseSmtpUrl,
  placeOf,
  portOf as urlPort,
  SettingError,
} from "@stint/domain/HostList"
import type { Manifest } from "@stint/edge/Manifest"
import * as Pg from "@stint/edge/Pg/Url"
import { existsSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { bundledFlags } from "../../bin/bundledFlags.js"
import { LauncherError } from "../Postgres/LauncherError.ts"
import { addressOf, type Env, portOf, type ProcessName, type ServiceName, type Settings, urlOf } from "./Settings.ts"

/** How to start a service: the arguments of Deno, and all that it sees of the environment at first. */
export interface Launch {
  readonly args: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
}

/** What the launcher itself adds to a service's environment. */
export interface Given {
  /** Where its database listens: `host:port`, or `unix:` and the path of a socket; none when it keeps its rows itself. */
  readonly databaseHost: string | undefined
  /** The files of the public keys and of what is revoked, unless they come from elsewhere. */
  readonly jwksFile: string | undefined
  readonly revokedFile: string | undefined
  readonly tokenFile: string | undefined
  /** Variables of this process alone, where the environment has none. */
  readonly own?: Readonly<Record<string, string | undefined>>
  /** Where a file that the service reads lies here, when it runs in a container. */
  readonly placedAt?: (path: string) => string
}

/** The program of a process: bundled, unless the bundle is gone, else its sources. */
const programOf = ({ programs }: Settings, name: ProcessName): ReadonlyArray<string> => {
  const main = `${name === "gateway" ? "apps" : "services"}/${name}/src/main`
  const bundled = programs && join(programs, `${main}.mjs`)
  return bundled && existsSync(bundled) ? [...bundledFlags, bundled] : [`${main}.ts`]
}

const manifests: Readonly<Record<ProcessName, () => Promise<{ readonly manifest: Manifest }>>> = {
  catalog: () => import("@stint/catalog/Env"),
  hiring: () => import("@stint/hiring/Env"),
  deliverables: () => import("@stint/deliverables/Env"),
  scheduler: () => import("@stint/scheduler/Env"),
  gateway: () => import("@stint/gateway/Env"),
}

/** What the process says it needs. */
export const manifestOf = async (name: ProcessName): Promise<Manifest> => (await manifests[name]()).manifest

/** Reads a setting. What can't be read is a LauncherError. */
const readSetting = <A>(read: () => A): A => {
  try {
    return read()
  } catch (error) {
    throw error instanceof SettingError ? new LauncherError(`${error.message}.`) : error
  }
}

/** `host:port` of a url. */
const hostOf = (name: string, text: string): string => {
  const url = readSetting(() => parseHttpUrl(name, text))
  return placeOf({ hostname: url.hostname, port: urlPort(url) })
}

/** The hosts that a variable lists, for whomever: who may call which is for the service. */
const hostsOf = (name: string, text: string): ReadonlyArray<string> =>
  readSetting(() => parseHostList(name, text)).map(placeOf)

/** The hosts of the urls in a file. Of one that can't be read there are none: the service itself refuses it and says why. */
const hostsInFile = (path: string): ReadonlyArray<string> =>
  existsSync(path)
    ? baseUrlsOf(readFileSync(path, "utf8")).map((url) => placeOf({ hostname: url.hostname, port: urlPort(url) }))
    : []

/** Where the database of a url listens, a socket's path included. */
export const databaseHost = (text: string): string => {
  const url = Pg.parsePgUrl(text)
  return url.socket === undefined ? Pg.placeOf(url) : `unix:${url.socket}`
}

/** Deno splits lists at commas and knows no way to keep one. */
const single = (value: string): string => {
  if (!value.includes(",")) return value
  throw new LauncherError(`${value} has a comma in it, and no permission of a service can name it.`)
}

/** A flag with a list. */
const flag = (name: string, values: ReadonlyArray<string>): ReadonlyArray<string> =>
  values.length === 0 ? [] : [`--${name}=${values.map(single).join()}`]

/** Variables that the runtime itself reads before a service runs: where its cache is, whom it trusts, and that it asks nobody for updates. */
const runtimeEnv = (env: Env): Readonly<Record<string, string | undefined>> => ({
  PATH: env.PATH,
  HOME: env.HOME,
  XDG_CACHE_HOME: env.XDG_CACHE_HOME,
  DENO_DIR: env.DENO_DIR,
  DENO_CERT: env.DENO_CERT,
  DENO_NO_UPDATE_CHECK: "1",
  NO_COLOR: env.NO_COLOR,
})

/** The variables of the edge that name a file which is read. */
const everyonesFiles = ["STINT_SERVICE_TOKEN_FILE", "STINT_JWKS_FILE", "STINT_REVOKED_FILE"]

/** The variables of the edge that hold a url which it connects to. */
const everyonesUrls = ["STINT_JWKS_URL", "OTEL_EXPORTER_OTLP_ENDPOINT"]

/** The launch of a process: the least permissions under which it does what its manifest says. */
export const launchOf = (settings: Settings, service: ProcessName, manifest: Manifest, given: Given): Launch => {
  const { env: mine, home } = settings
  const { appends = {}, calls = [], connects = [], hosts: lists = [], hostsIn = [], mailServers = [], reads = [] } =
    manifest
  const { placedAt = (path) => path } = given
  const files = [...everyonesFiles, ...reads, ...hostsIn]
  const values: Record<string, string | undefined> = Object.fromEntries(manifest.env.map((name) => [name, mine[name]]))
  values.STINT_HOST = settings.host
  values.STINT_PORT_BASE = String(settings.portBase)
  values.STINT_SUPERVISED = "1"
  // It comes through the pipe, once the database is there: an environment is no place for a password
  for (const kind of ["DATABASE", "MEMORY"]) delete values[`${service.toUpperCase()}_${kind}_URL`]
  if (given.jwksFile !== undefined) values.STINT_JWKS_FILE = given.jwksFile
  if (given.revokedFile !== undefined) values.STINT_REVOKED_FILE = given.revokedFile
  if (given.tokenFile !== undefined) values.STINT_SERVICE_TOKEN_FILE = given.tokenFile
  for (const [name, value] of Object.entries(given.own ?? {})) values[name] ||= value
  for (const called of calls) {
    values[`${called.toUpperCase()}_URL`] ||= urlOf(settings, called as ServiceName)
  }
  for (const [name, file] of Object.entries(appends)) values[name] = resolve(values[name] || join(home, file))
  for (const name of files) if (values[name]) values[name] = resolve(values[name])
  const known = Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] =>
      manifest.env.includes(entry[0]) && entry[1] !== undefined && entry[1] !== ""
    ),
  )
  const valueOf = (name: string) => known[name] === undefined ? [] : [known[name]]
  const written = Object.keys(appends).flatMap(valueOf)
  // The runtime asks for all three before it lets a program connect to a socket
  const socket = given.databaseHost?.startsWith("unix:") ? [given.databaseHost.slice("unix:".length)] : []
  const hosts = [
    addressOf(settings.host, portOf(settings, service)),
    ...(given.databaseHost === undefined ? [] : [given.databaseHost]),
    ...calls.map((called) => `${called.toUpperCase()}_URL`).map((name) => hostOf(name, values[name]!)),
    ...[...everyonesUrls, ...connects].flatMap((name) => valueOf(name).map((value) => hostOf(name, value))),
    ...mailServers.flatMap((name) =>
      valueOf(name).map((value) => placeOf(readSetting(() => parseSmtpUrl(name, value))))
    ),
    ...lists.flatMap((name) => valueOf(name).flatMap((value) => hostsOf(name, value))),
    ...hostsIn.flatMap(valueOf).map(placedAt).flatMap(hostsInFile),
  ]
  return {
    args: [
      "run",
      "--no-prompt",
      "--cached-only",
      "--no-remote",
      "--unstable-no-legacy-abort",
      ...flag("allow-env", manifest.env),
      ...flag("allow-net", [...new Set(hosts)]),
      ...flag("allow-read", [
        ...new Set([...files.flatMap(valueOf), ...written, ...socket]),
      ]),
      ...flag("allow-write", [...written, ...socket]),
      ...programOf(settings, service),
    ],
    env: Object.fromEntries(
      Object.entries({ ...runtimeEnv(mine), ...known }).filter((entry): entry is [string, string] =>
        entry[1] !== undefined
      ),
    ),
  }
}
