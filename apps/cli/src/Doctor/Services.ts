/** The services and the front door: who has their ports, whether they can do their work, and whether they take the token. */
import { type Flags, UsageError } from "../Command.ts"
import type { Io } from "../Io.ts"
import { LauncherError } from "../Postgres/LauncherError.ts"
import { type Context, contextOf } from "../Remote/Context.ts"
import {
  portOf,
  type ProcessName,
  type ServiceName,
  serviceNames,
  type Settings,
  settingsOf,
  urlOf,
} from "../Stack/Settings.ts"
import type { Clock } from "./Clocks.ts"
import { failed, type Finding, ok, skipped, warning } from "./Finding.ts"

/** How long an answer may take, in milliseconds. */
const DEADLINE_MS = 5_000

/** What every person may ask of a service. */
const questions: Readonly<Record<ServiceName, string>> = {
  catalog: "/api/v1/agent-types?limit=1",
  hiring: "/api/v1/customers?limit=1",
  deliverables: "/api/v1/deliverables/counts",
  scheduler: "/api/v1/scheduler/runs?limit=1",
}

const ask = (
  io: Io,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response | undefined> =>
  io.fetch(url, {
    headers,
    signal: AbortSignal.timeout(DEADLINE_MS),
  }).catch(() => undefined)

const isFree = ({ host }: Settings, port: number): boolean => {
  try {
    Deno.listen({ hostname: host, port }).close()
    return true
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false
    throw error
  }
}

/** What a process is called for a person. */
const nameOf = (process: ProcessName): string => process === "gateway" ? "front door" : process

const portFinding = async (settings: Settings, io: Io, process: ProcessName): Promise<Finding> => {
  const port = portOf(settings, process)
  const name = `${nameOf(process)} port`
  const response = await ask(io, `${urlOf(settings, process)}/readyz`)
  const body = await response?.json().catch(() => undefined) as { checks?: Record<string, string> } | undefined
  if (response !== undefined && body?.checks !== undefined) {
    const faults = Object.entries(body.checks).filter(([, result]) => result !== "ok").map(([what, why]) =>
      `${what}: ${why}`
    )
    if (faults.length === 0) return ok(name, `${port}: it is ready`)
    return failed(name, `${port}: ${faults.join("; ")}`, "mend what it names; it goes on by itself then")
  }
  try {
    if (isFree(settings, port)) return skipped(name, `${port} is free: nothing runs there`)
  } catch (error) {
    return failed(
      name,
      `${port} on ${settings.host}: ${(error as Error).message}`,
      "set STINT_HOST to an address of this machine",
    )
  }
  return failed(name, `${port} is another program's`, "stop what listens there, or set STINT_PORT_BASE")
}

/** Checks who has the ports of a local stack. */
export const ports = (settings: Settings, io: Io): Promise<ReadonlyArray<Finding>> =>
  Promise.all((["gateway", ...serviceNames] as const).map((process) => portFinding(settings, io, process)))

const answered = async (name: string, url: string, response: Response | undefined): Promise<Finding> => {
  const text = await response?.text().catch(() => "")
  if (response === undefined) {
    return failed(name, `${url} does not answer`, "look at the address and the network; on its machine: stint doctor")
  }
  if (response.status === 401) {
    return failed(name, "it refuses the token", "stint login with a new one; locally: is STINT_HOME its?")
  }
  if (response.status === 403 || response.ok) return ok(name, `answers at ${url}`)
  return failed(name, `answers ${response.status}: ${text?.slice(0, 200)}`, "on its machine: stint doctor")
}

/** Whether a browser gets the console at the front door's address. */
const consoleFinding = async (io: Io, url: string): Promise<Finding> => {
  const response = await ask(io, `${url}/`, { accept: "text/html" })
  const text = await response?.text().catch(() => "")
  if (response === undefined) {
    return failed("console", `${url} does not answer`, "stint start starts the front door; its log says why it ended")
  }
  if (!response.ok || !response.headers.get("content-type")?.startsWith("text/html")) {
    return failed("console", `${url} answers ${response.status}, and no page`, "is that the front door's address?")
  }
  return /<h1>The console is not built/.test(text!)
    ? warning("console", `${url} has no console: it is not built`, "run npm ci there, or set STINT_CONSOLE_DIST")
    : ok("console", url)
}

/** The address and the token, or what is the matter with them. */
const contextFinding = async (flags: Flags, io: Io): Promise<Context | Finding> => {
  try {
    return await contextOf(io.env, flags)
  } catch (error) {
    if (error instanceof LauncherError || error instanceof UsageError) {
      return warning("token", error.message, "stint login, or --token")
    }
    throw error
  }
}

/**
 * Asks each service, and on a local stack the front door, a small question with the token, and sees its clock; asks for the
 * console.
 */
export const services = async (
  flags: Flags,
  io: Io,
): Promise<{ readonly findings: ReadonlyArray<Finding>; readonly answers: ReadonlyArray<Clock> }> => {
  const context = await contextFinding(flags, io)
  if ("state" in context) return { findings: [context], answers: [] }
  const authorization = `Bearer ${await context.token()}`
  // Elsewhere the services are asked through the front door anyway
  const door = context.isLocal ? urlOf(settingsOf(io.env), "gateway") : context.urlOf("catalog")
  const asked = [
    ...(context.isLocal ? [["front door", door, questions.catalog] as const] : []),
    ...serviceNames.map((service) => [service, context.urlOf(service), questions[service]] as const),
  ]
  const question = async ([name, url, path]: typeof asked[number]) => {
    const response = await ask(io, `${url}${path}`, { authorization })
    const date = Date.parse(response?.headers.get("date") ?? "")
    const clock = Number.isNaN(date) ? [] : [{ of: name, ahead: date - Date.now() }]
    return { finding: await answered(name, url, response), clock }
  }
  const [page, found] = await Promise.all([consoleFinding(io, door), Promise.all(asked.map(question))])
  return { findings: [...found.map(({ finding }) => finding), page], answers: found.flatMap(({ clock }) => clock) }
}
