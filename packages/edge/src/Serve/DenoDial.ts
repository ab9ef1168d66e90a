/** `Dial` on Deno: a socket of its own by the name that the permission to connect is to, and HTTP/1.1 over it. */
import { Effect } from "effect"
import { type IncomingMessage, request as open } from "node:http"
import { Duplex } from "node:stream"
import { AddressRefused, type Connect, type Line, type LineAnswer, LineBroke, type LineRequest } from "../Dial.ts"
import { Unreachable } from "../PortCheck.ts"
import { version } from "../Version.ts"

/** How long a connection, its TLS included, may take to be there. */
const DEADLINE = "10 seconds"

const lineOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0]!.slice(0, 300)

const close = (connection: Deno.Conn) => {
  try {
    connection.close()
  } catch { /* the stream over it has closed it */ }
}

const portOf = ({ port, protocol }: URL) => Number(port || (protocol === "https:" ? 443 : 80))

const connected = (url: URL, hostname: string) =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: (signal) => Deno.connect({ hostname, port: portOf(url), signal }),
      catch: () => new Unreachable({ message: `nothing listens at ${url.host}` }),
    }),
    (connection) => Effect.sync(() => close(connection)),
    { interruptible: true },
  )

/** In TLS, by a certificate for the name. It takes the connection over, so it is closed whatever becomes of the handshake. */
const secured = Effect.fnUntraced(function* (url: URL, hostname: string, connection: Deno.TcpConn) {
  const failed = (error: unknown) => new Unreachable({ message: `TLS with ${url.host} failed: ${lineOf(error)}` })
  const secure = yield* Effect.acquireRelease(
    Effect.tryPromise({
      try: () => Deno.startTls(connection, { hostname, alpnProtocols: ["http/1.1"] }),
      catch: failed,
    }),
    (secure) => Effect.sync(() => close(secure)),
  )
  yield* Effect.tryPromise({ try: () => secure.handshake(), catch: failed })
  return secure
})

const headersOf = (url: URL, { body, headers, method }: LineRequest) => ({
  host: url.host,
  "user-agent": `stint/${version}`,
  "accept-encoding": "identity",
  ...headers,
  ...(method === "POST" ? { "content-length": String(new TextEncoder().encode(body).length) } : {}),
  connection: "close",
})

/** The body of an answer; `done` gets undefined once it is longer than `most`. */
const read = (
  response: IncomingMessage,
  most: number,
  done: (body: Uint8Array | undefined) => void,
  broke: (error: unknown) => void,
) => {
  const parts: Array<Uint8Array> = []
  let size = 0
  response.on("data", (part: Uint8Array) => {
    size += part.length
    if (size <= most) return void parts.push(part)
    parts.length = 0
    response.destroy()
    done(undefined)
  })
  response.on("error", broke)
  // of an answer that was cut the connection's end tells
  response.on("end", () => response.complete && done(Buffer.concat(parts)))
}

/** The request and its answer. Interrupted, it closes the stream. */
const exchange = (stream: Duplex, url: URL, request: LineRequest, most: number) =>
  Effect.callback<LineAnswer, LineBroke>((resume) => {
    // the first word counts: what breaks after an answer changes nothing
    const broke = (error: unknown) => resume(Effect.fail(new LineBroke({ why: lineOf(error) })))
    const sent = open({
      method: request.method,
      path: `${url.pathname}${url.search}`,
      headers: headersOf(url, request),
      createConnection: () => stream as never,
    })
    sent.on("response", (response) => {
      const { headers, statusCode: status = 0 } = response
      const answer = {
        status,
        headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      }
      read(response, most, (body) => resume(Effect.succeed({ ...answer, body })), broke)
    })
    sent.on("upgrade", () => {
      broke(new Error("it switches protocols"))
      sent.destroy()
    })
    sent.on("error", broke)
    sent.on("close", () => broke(new Error("the connection ended before its answer did")))
    sent.end(request.body)
    return Effect.sync(() => void sent.destroy())
  })

/** By connections of Deno's. */
export const denoDial: Connect = (text, mayUse) => {
  const url = new URL(text)
  const hostname = url.hostname.replace(/^\[|\]$/g, "")
  return Effect.gen(function* () {
    const connection = yield* connected(url, hostname)
    const { hostname: address } = connection.remoteAddr
    if (!mayUse(address)) return yield* new AddressRefused({ address })
    const { readable, writable } = url.protocol === "https:" ? yield* secured(url, hostname, connection) : connection
    const line: Line = {
      send: (request, most) =>
        Effect.acquireUseRelease(
          Effect.sync(() => Duplex.fromWeb({ readable, writable } as never)),
          (stream) => exchange(stream, url, request, most),
          (stream) => Effect.sync(() => void stream.destroy()),
        ),
    }
    return line
  }).pipe(Effect.timeoutOrElse({
    duration: DEADLINE,
    orElse: () => Effect.fail(new Unreachable({ message: `nothing answers at ${url.host}` })),
  }))
}
