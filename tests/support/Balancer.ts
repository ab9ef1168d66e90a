/**
 * A load balancer ahead of the replicas of each service: it sends requests to them in turn, those of services to each other
 * too, and remembers what went wrong.
 */
import { PORTS } from "@stint/edge/Ports"
import { until } from "./Until.ts"

/** A service. */
export type ServiceName = keyof typeof PORTS

const names = Object.keys(PORTS) as ReadonlyArray<ServiceName>

/** A replica of all four services, at its STINT_PORT_BASE. */
interface Member {
  readonly base: number
  open: number
}

/** A balancer that runs. */
export interface Balancer {
  /** Where it listens, as services read it: `HIRING_URL` and so on. */
  readonly env: Readonly<Record<string, string>>
  readonly urls: Readonly<Record<ServiceName, string>>
  /** How many requests went through, and those that were answered as a fault of ours. */
  readonly seen: { count: number; readonly faults: Array<string> }
  add(base: number): void
  /** Sends a replica no more requests, and waits until those that it has are answered; a poll that waits may stay open. */
  remove(base: number): Promise<void>
  stop(): Promise<void>
}

/** A poll of the feed waits at hiring until something changes: the replica ends it when it is told to end. */
const waits = (path: string): boolean => path.startsWith("/api/v1/goal-changes")

/** Statuses that no client of ours causes here: a service is not there, breaks, or refuses another service's token. */
const isFault = (status: number): boolean => status >= 500 || status === 401 || status === 403 || status === 422

/** Starts it, without a replica. */
export const startBalancer = (): Balancer => {
  const members: Array<Member> = []
  const seen: Balancer["seen"] = { count: 0, faults: [] }
  let turn = 0

  const forward = async (service: ServiceName, request: Request): Promise<Response> => {
    const member = members[turn++ % members.length]!
    const { pathname, search } = new URL(request.url)
    const counted = !waits(pathname)
    if (counted) member.open++
    seen.count++
    try {
      const answer = await fetch(`http://127.0.0.1:${member.base + PORTS[service]}${pathname}${search}`, {
        method: request.method,
        headers: request.headers,
        body: request.body,
      })
      const body = await answer.arrayBuffer()
      if (isFault(answer.status)) {
        const text = new TextDecoder().decode(body).slice(0, 300)
        seen.faults.push(`${member.base} ${service} ${request.method} ${pathname}: ${answer.status} ${text}`)
      }
      const empty = answer.status === 204 || answer.status === 304
      return new Response(empty ? null : body, { status: answer.status, headers: answer.headers })
    } catch (error) {
      if (counted) seen.faults.push(`${member.base} ${service} ${pathname}: ${error}`)
      return new Response(null, { status: 502 })
    } finally {
      if (counted) member.open--
    }
  }

  const servers = names.map((service) => ({
    service,
    server: Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => forward(service, request)),
  }))
  const urls = Object.fromEntries(
    servers.map(({ server, service }) => [service, `http://127.0.0.1:${server.addr.port}`]),
  ) as Balancer["urls"]
  return {
    urls,
    env: Object.fromEntries(names.map((service) => [`${service.toUpperCase()}_URL`, urls[service]])),
    seen,
    add: (base) => void members.push({ base, open: 0 }),
    remove: async (base) => {
      const at = members.findIndex((member) => member.base === base)
      const [member] = members.splice(at, 1)
      await until(`nothing is open at ${base}`, () => member!.open === 0)
    },
    stop: async () => {
      await Promise.all(servers.map(({ server }) => server.shutdown()))
    },
  }
}
