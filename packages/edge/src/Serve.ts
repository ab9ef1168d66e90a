/** Hosts a service on Deno: its variables and files, a listener on loopback, and a graceful shutdown. */
import { parseBounds } from "@stint/domain/Bounds"
import { Effect, Result } from "effect"
import type { Connect } from "./Dial.ts"
import type { Host } from "./Handler.ts"
import { printable } from "./Printable.ts"
import { type ConnectionLimits, listen, type Listening, serveConnection } from "./Serve/Connections.ts"
import { denoFiles } from "./Serve/DenoFiles.ts"
import { denoPortCheck } from "./Serve/DenoPortCheck.ts"
import { denoSha256 } from "./Serve/DenoSha256.ts"
import { instanceHeader, listensLine } from "./Serve/Instance.ts"
import { given, orphaned } from "./Serve/Supervisor.ts"
import { pathOf } from "./Target.ts"

/** How long a drain may take before the process exits anyway, in milliseconds. */
const DRAIN_MS = 20_000

/** What runs a service, and under which name its supervisor knows this process, if it has one. */
interface DenoHost extends Host {
  readonly instance: string | undefined
}

/** What speaks HTTP to programs of others is loaded with the first call. */
const dial: Connect = (url, mayUse) =>
  Effect.flatMap(Effect.promise(() => import("./Serve/DenoDial.ts")), ({ denoDial }) => denoDial(url, mayUse))

/** What Deno gives a service: the named variables alone (its `--allow-env`), the files that it may read, TCP and a hash. Waits for the supervisor. */
export const denoHost = async (names: ReadonlyArray<string>): Promise<DenoHost> => {
  const { STINT_INSTANCE: instance, ...sent } = await given
  return {
    env: Object.fromEntries(names.map((name) => [name, sent[name] ?? Deno.env.get(name)])),
    files: denoFiles,
    portCheck: denoPortCheck,
    dial,
    sha256: denoSha256,
    instance,
  }
}

/** Why the service can't listen, in one sentence. */
const listenFailure = (port: number, error: unknown) =>
  error instanceof Deno.errors.AddrInUse
    ? `port ${port} is in use; stop what listens there or set STINT_PORT_BASE`
    : `can't listen on port ${port}: ${error instanceof Error ? error.message : error}`

/** Adds to `/readyz` which process answers, so that a supervisor does not take another process on the port for its child. */
const signed = (fetch: (request: Request) => Promise<Response>, instance: string) => async (request: Request) => {
  const response = await fetch(request)
  if (pathOf(request.url) === "/readyz") response.headers.set(instanceHeader, instance)
  return response
}

const limitsOf = (setting: string): ConnectionLimits | string => {
  const bounds = parseBounds(setting)
  if (Result.isFailure(bounds)) return bounds.failure
  const { connection_requests, connections, connections_per_peer, header_seconds, idle_seconds } = bounds.success
  return {
    connections,
    perPeer: connections_per_peer,
    requests: connection_requests,
    headersMs: header_seconds * 1_000,
    idleMs: idle_seconds * 1_000,
  }
}

/** Listens within the limits; on a Deno that can't bound connections without them, which is said. */
const open = (
  name: string,
  address: { readonly hostname: string; readonly port: number },
  fetch: (request: Request) => Promise<Response>,
  limits: ConnectionLimits,
): Listening => {
  const serve = serveConnection()
  if (serve !== undefined) return listen(address, fetch, limits, serve)
  console.error(`${name}: this Deno does not bound how long a header may take, nor how many connections there are`)
  return Deno.serve({ ...address, onListen: () => {} }, fetch)
}

/**
 * Listens on `STINT_HOST` (default 127.0.0.1) and the service's port, and prints one line when it does, by which a supervisor knows
 * that it can ask. On SIGTERM, SIGINT or the death of its supervisor it drains: readiness is taken away, background work ends,
 * the listener closes once its requests are answered, then the layers (the database pool among them).
 */
export const serve = (
  service: {
    readonly name: string
    /** Added to `STINT_PORT_BASE` (default 4100). */
    readonly port: number
    readonly fetch: (request: Request) => Promise<Response>
    readonly drain: () => Promise<void>
    readonly dispose: () => Promise<void>
    /** Fulfilled with the reason when the service can't do its work; then the process exits with 1. */
    readonly refused: Promise<string>
  },
  { env, instance }: DenoHost,
) => {
  const hostname = env.STINT_HOST || "127.0.0.1"
  const base = Number(env.STINT_PORT_BASE || 4100)
  const refuse = (why: string): never => {
    console.error(printable(`${service.name}: ${why}`))
    Deno.exit(1)
  }
  if (!Number.isInteger(base) || base < 1 || base > 65_531) refuse("STINT_PORT_BASE must be a port from 1 to 65531")
  const port = base + service.port
  const limits = limitsOf(env.STINT_BOUNDS ?? "")
  if (typeof limits === "string") return refuse(limits)
  const fetch = instance === undefined ? service.fetch : signed(service.fetch, instance)
  let server: Listening
  try {
    server = open(service.name, { hostname, port }, fetch, limits)
  } catch (error) {
    return refuse(listenFailure(port, error))
  }
  console.log(listensLine(service.name, `http://${hostname}:${port}`))
  service.refused.then(refuse)
  let ending = false
  const end = async () => {
    if (ending) return
    ending = true
    const overdue = setTimeout(() => Deno.exit(1), DRAIN_MS)
    await service.drain()
    await server.shutdown()
    await service.dispose()
    clearTimeout(overdue)
    Deno.exit(0)
  }
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, end)
  orphaned().then(end)
}
