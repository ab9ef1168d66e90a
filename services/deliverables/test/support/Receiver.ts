/** A receiver of webhooks: an HTTP server that records its requests and answers as a test says. */

/** A recorded request. */
export interface Received {
  readonly headers: Headers
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly text: string
}

/** A running receiver. */
export interface Receiver {
  readonly url: string
  readonly received: Array<Received>
  /** The answers to the next requests, in order; after these 204. */
  readonly answers: Array<() => Response | Promise<Response>>
  end(): Promise<void>
}

/** Starts one on a free port of 127.0.0.1. */
export const startReceiver = (): Receiver => {
  const received: Array<Received> = []
  const answers: Receiver["answers"] = []
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const bytes = new Uint8Array(await request.arrayBuffer())
    received.push({ headers: request.headers, bytes, text: new TextDecoder().decode(bytes) })
    return await (answers.shift() ?? (() => new Response(null, { status: 204 })))()
  })
  return { url: `http://127.0.0.1:${server.addr.port}/hook`, received, answers, end: () => server.shutdown() }
}

const encoder = new TextEncoder()

/** The signature of a request by Standard Webhooks, made with WebCrypto alone. */
export const expectedSignature = async (
  secret: Uint8Array<ArrayBuffer>,
  { headers, text }: Received,
): Promise<string> => {
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"])
  const signed = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${text}`
  const tag = new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(signed)))
  return `v1,${btoa(String.fromCharCode(...tag))}`
}

/** An answer of a status. */
export const answer = (status: number, headers = {}) => () => new Response("an answer", { status, headers })

/** An answer that is held back until `open`. */
export const heldAnswer = (status: number) => {
  const { promise, resolve } = Promise.withResolvers<Response>()
  return { answer: () => promise, open: () => resolve(new Response(null, { status })) }
}

/** SHA-256 in hex. */
export const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)))
    .map((byte) => byte.toString(16).padStart(2, "0")).join("")
