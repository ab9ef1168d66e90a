/**
 * Accepts connections within limits: how many there are, how long one may take to send its first headers, and how long
 * one may idle. `Deno.serve` has no such limits (a half-sent header would hold its socket for ever), so the listener is
 * our own, and each connection is handed to the same HTTP server that `Deno.serve` uses.
 */
export interface ConnectionLimits {
  /** Connections of the process. */
  readonly connections: number
  /** Connections of one peer address. */
  readonly perPeer: number
  /** From its acceptance to the end of the headers of its first request, in milliseconds. */
  readonly headersMs: number
  /** From an answer to the end of the headers of the next request, in milliseconds; the answer is sent in it as well. */
  readonly idleMs: number
  /** Requests of one connection; then it is closed, so that clients spread over replicas again. */
  readonly requests: number
}

/** What hosts a fetch handler. */
export interface Listening {
  /** Takes no more connections, answers the requests that came, and closes. */
  shutdown(): Promise<void>
}

type Fetch = (request: Request) => Promise<Response>

/** The server of one connection, as Deno's own `serve` has it. */
interface ConnectionServer extends Listening {
  readonly finished: Promise<void>
}

/** What Deno asks of the signal that closes a connection: it listens once. */
interface ClosingSignal {
  addEventListener(type: "abort", close: () => void): void
}

type ServeConnection = (
  connection: Deno.TcpConn,
  signal: ClosingSignal,
  handler: Fetch,
  onError: (error: unknown) => Response,
  onListen: () => void,
) => ConnectionServer

/** Deno's server of one connection. It is not public: where a Deno does not have it, `Deno.serve` must do. */
export const serveConnection = (): ServeConnection | undefined => {
  const deno = Deno as unknown as Record<symbol, { serveHttpOnConnection?: ServeConnection } | undefined> & {
    readonly internal?: symbol
  }
  return deno.internal === undefined ? undefined : deno[deno.internal]?.serveHttpOnConnection
}

/** How often connections are looked at, in milliseconds, while there are any. */
const LOOK_MS = 1_000
/** How long to wait when a connection can't be accepted (no file descriptor is left), in milliseconds. */
const ACCEPT_AGAIN_MS = 100

const refusal = new TextEncoder().encode(
  "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
)

const failed = () => new Response(null, { status: 500 })

/**
 * Whether an answer has no end of its own: its connection is in use until it is over. The body is looked at last: to ask for it
 * makes a stream of bytes that the runtime would send as they are.
 */
const isEventStream = (response: Response): boolean =>
  (response.headers.get("content-type") ?? "").startsWith("text/event-stream") && response.body !== null

/** The answer; `over` is called when its body has ended, or whoever reads it has gone. */
const following = (response: Response, over: () => void): Response => {
  const reader = response.body!.getReader()
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (!done) return controller.enqueue(value)
        over()
        controller.close()
      } catch (error) {
        over()
        controller.error(error)
      }
    },
    cancel(reason) {
      over()
      return reader.cancel(reason)
    },
  })
  return new Response(body, response)
}

/** The answer, which says that its connection is closed after it. The headers of one that another server gave can't be changed. */
const closedAfter = (response: Response): Response => {
  try {
    response.headers.set("connection", "close")
    return response
  } catch {
    return closedAfter(new Response(response.body, response))
  }
}

/**
 * Closes a connection. Deno throws at that when it is ending already: its peer hung up, or it is being shut down. What a listener of an
 * AbortSignal throws ends the process, so the listener is called from here.
 */
class Closing implements ClosingSignal {
  begun = false
  #close = () => {}

  addEventListener(_type: "abort", close: () => void) {
    this.#close = close
  }

  /** False where it is ending already. */
  begin(): boolean {
    if (this.begun) return false
    this.begun = true
    try {
      this.#close()
      return true
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return false
      throw error
    }
  }
}

/** A connection that is open. */
class Open {
  readonly peer: string
  readonly closing = new Closing()
  server: ConnectionServer | undefined
  /** Requests that are being handled. */
  busy = 0
  served = 0
  /** When it is closed unless a request comes. */
  due: number

  constructor(peer: string, due: number) {
    this.peer = peer
    this.due = due
  }
}

/** The connections of a listener. */
class Connections {
  readonly #all = new Set<Open>()
  readonly #peers = new Map<string, number>()
  readonly #limits: ConnectionLimits
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(limits: ConnectionLimits) {
    this.#limits = limits
  }

  /** Closes the connection that idles and is due first, of one peer or of all; false when all are busy. */
  #closeStalest(peer?: string): boolean {
    let stalest: Open | undefined
    for (const open of this.#all) {
      if (open.busy > 0 || open.closing.begun || (peer !== undefined && open.peer !== peer)) continue
      if (stalest === undefined || open.due < stalest.due) stalest = open
    }
    if (stalest === undefined) return false
    if (!stalest.closing.begin()) return this.#closeStalest(peer)
    this.#remove(stalest)
    return true
  }

  /** Whether there is room for a connection of this peer, at the cost of one that idles if need be. */
  #makeRoom(peer: string): boolean {
    if ((this.#peers.get(peer) ?? 0) >= this.#limits.perPeer && !this.#closeStalest(peer)) return false
    return this.#all.size < this.#limits.connections || this.#closeStalest()
  }

  #look() {
    const now = performance.now()
    for (const open of this.#all) {
      // one that is ending counts until it has ended
      if (open.busy === 0 && open.due <= now && open.closing.begin()) this.#remove(open)
    }
  }

  #add(open: Open) {
    this.#all.add(open)
    this.#peers.set(open.peer, (this.#peers.get(open.peer) ?? 0) + 1)
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS)
  }

  #remove(open: Open) {
    if (!this.#all.delete(open)) return
    const others = this.#peers.get(open.peer)! - 1
    if (others > 0) this.#peers.set(open.peer, others)
    else this.#peers.delete(open.peer)
    if (this.#all.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Serves a connection that was accepted, or refuses it. */
  accept(connection: Deno.TcpConn, serve: ServeConnection, fetch: Fetch) {
    const peer = connection.remoteAddr.hostname
    if (!this.#makeRoom(peer)) {
      connection.write(refusal).catch(() => {}).finally(() => connection.close())
      return
    }
    const { headersMs, idleMs, requests } = this.#limits
    connection.setNoDelay()
    const open = new Open(peer, performance.now() + headersMs)
    const over = () => {
      open.busy--
      open.due = performance.now() + idleMs
    }
    const handle = async (request: Request) => {
      open.busy++
      let endless = false
      try {
        const response = await fetch(request)
        const isLast = ++open.served >= requests
        // of HTTP/2, where no header says so; a shutdown waits for a peer that does not read, and can't be cut short
        if (open.served > requests) void open.server?.shutdown().catch(() => {})
        endless = isEventStream(response)
        const answer = endless ? following(response, over) : response
        return isLast ? closedAfter(answer) : answer
      } finally {
        if (!endless) over()
      }
    }
    this.#add(open)
    open.server = serve(connection, open.closing, handle, failed, () => {})
    open.server.finished.catch(() => {}).finally(() => this.#remove(open))
  }

  async shutdown() {
    await Promise.allSettled([...this.#all].map((open) => open.server?.shutdown()))
  }
}

/** Listens on an address and serves what comes, within the limits. Throws as `Deno.listen` does. */
export const listen = (
  { hostname, port }: { readonly hostname: string; readonly port: number },
  fetch: Fetch,
  limits: ConnectionLimits,
  serve: ServeConnection,
): Listening => {
  const listener = Deno.listen({ hostname, port })
  const connections = new Connections(limits)
  let ending = false
  const accepting = async () => {
    while (!ending) {
      try {
        connections.accept(await listener.accept(), serve, fetch)
      } catch (error) {
        if (ending || error instanceof Deno.errors.BadResource) return
        await new Promise((resolve) => setTimeout(resolve, ACCEPT_AGAIN_MS))
      }
    }
  }
  void accepting()
  return {
    shutdown: () => {
      ending = true
      listener.close()
      return connections.shutdown()
    },
  }
}
