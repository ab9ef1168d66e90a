/** Hosts a service on Deno: its variables and files, a listener on loopback, and a graceful shutdown. */
import type { Host } from "./Handler.ts"
import { denoFiles } from "./Serve/DenoFiles.ts"
import { denoPortCheck } from "./Serve/DenoPortCheck.ts"
import { instanceHeader } from "./Serve/Instance.ts"
import { given, orphaned, supervised } from "./Serve/Supervisor.ts"

/** How long a drain may take before the process exits anyway, in milliseconds. */
const DRAIN_MS = 20_000

/** What Deno gives a service: the named variables alone (its `--allow-env`), the files that it may read, and TCP. */
export const denoHost = (names: ReadonlyArray<string>): Host => ({
  env: Object.fromEntries(names.map((name) => [name, given[name] ?? Deno.env.get(name)])),
  files: denoFiles,
  portCheck: denoPortCheck,
})

/** Why the service can't listen, in one sentence. */
const listenFailure = (name: string, port: number, error: unknown) =>
  error instanceof Deno.errors.AddrInUse
    ? `${name}: port ${port} is in use; stop what listens there or set STINT_PORT_BASE`
    : `${name}: can't listen on port ${port}: ${error instanceof Error ? error.message : error}`

/** Adds to `/readyz` which process answers, so that a supervisor does not take another process on the port for its child. */
const signed = (fetch: (request: Request) => Promise<Response>, instance: string) => async (request: Request) => {
  const response = await fetch(request)
  if (new URL(request.url).pathname === "/readyz") response.headers.set(instanceHeader, instance)
  return response
}

/**
 * Listens on `STINT_HOST` (default 127.0.0.1) and the service's port, and prints one line when it does, unless it has a
 * supervisor. On SIGTERM, SIGINT or the death of its supervisor it drains: readiness is taken away, background work ends,
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
  env: Host["env"],
) => {
  const hostname = env.STINT_HOST || "127.0.0.1"
  const base = Number(env.STINT_PORT_BASE || 4100)
  const refuse = (why: string): never => {
    console.error(`${service.name}: ${why}`)
    Deno.exit(1)
  }
  if (!Number.isInteger(base) || base < 1 || base > 65_531) refuse("STINT_PORT_BASE must be a port from 1 to 65531")
  const port = base + service.port
  let server: Deno.HttpServer
  try {
    server = Deno.serve({
      hostname,
      port,
      onListen: () => supervised || console.log(`${service.name} listens on http://${hostname}:${port}`),
    }, given.STINT_INSTANCE === undefined ? service.fetch : signed(service.fetch, given.STINT_INSTANCE))
  } catch (error) {
    console.error(listenFailure(service.name, port, error))
    Deno.exit(1)
  }
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
