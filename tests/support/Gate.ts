/**
 * A gate in a network: requests of one path are held before it while it is shut, and everything else passes, so that a service
 * that is called is there and answers late.
 */

/** A gate that runs; it is open at first. */
export interface Gate {
  /** Where it listens. */
  readonly url: string
  /** From now on it holds requests of its path. */
  shut(): void
  /** Lets through what it holds, and all that comes. */
  open(): void
  stop(): Promise<void>
}

/** A gate before the service at `target`, for `path`. */
export const startGate = (target: string, path: string): Gate => {
  let opened = Promise.resolve()
  let open = () => {}
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname, search } = new URL(request.url)
    const body = request.body === null ? null : await request.arrayBuffer()
    if (pathname === path) await opened
    try {
      return await fetch(`${target}${pathname}${search}`, { method: request.method, headers: request.headers, body })
    } catch {
      return new Response(null, { status: 502 })
    }
  })
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    shut: () => {
      opened = new Promise((resolve) => open = resolve)
    },
    open: () => open(),
    stop: async () => {
      open()
      await server.shutdown()
    },
  }
}
