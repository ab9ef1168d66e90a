/** The customer's own server: takes webhooks as Standard Webhooks 1.0 (standardwebhooks.com) tells a receiver to. */
import { Buffer } from "node:buffer"
import { createHash, createHmac, timingSafeEqual } from "node:crypto"

/** A request that came. */
export interface Received {
  readonly id: string
  readonly bytes: Uint8Array
  readonly contentType: string
  /** Whether the signature of exactly these bytes verified, and its time is within five minutes of now. */
  readonly verified: boolean
  /** Whether it still did with one bit of the bytes flipped, which it must not. */
  readonly verifiedAltered: boolean
}

/** A server that listens. */
export interface Receiver {
  /** `host:port`. */
  readonly host: string
  readonly url: string
  readonly received: ReadonlyArray<Received>
  /** The key that it verifies with, as `whsec_` and base64; until it is known, everything is refused. */
  expect(secret: string): void
  close(): Promise<void>
}

/** The SHA-256 of bytes, in lower-case hex. */
export const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex")

/** Five minutes, in seconds. */
const TOLERANCE = 300

const verifies = (key: Uint8Array, headers: Headers, bytes: Uint8Array): boolean => {
  const [id, timestamp, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"]
    .map((name) => headers.get(name) ?? "") as [string, string, string]
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= TOLERANCE)) return false
  const wanted = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(bytes).digest()
  return signatures.split(" ").some((signature) => {
    const given = signature.startsWith("v1,") ? new Uint8Array(Buffer.from(signature.slice(3), "base64")) : undefined
    return given?.length === wanted.length && timingSafeEqual(given, wanted)
  })
}

/** Listens on a free port of this machine. Answers 204 to what verifies, 401 to everything else. */
export const openReceiver = (): Receiver => {
  const received: Array<Received> = []
  let key: Uint8Array | undefined
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const bytes = new Uint8Array(await request.arrayBuffer())
    const altered = bytes.slice()
    altered[altered.length >> 1]! ^= 1
    const verified = key !== undefined && verifies(key, request.headers, bytes)
    received.push({
      id: request.headers.get("webhook-id") ?? "",
      bytes,
      contentType: request.headers.get("content-type") ?? "",
      verified,
      verifiedAltered: key === undefined || verifies(key, request.headers, altered),
    })
    return new Response(null, { status: verified ? 204 : 401 })
  })
  const host = `127.0.0.1:${server.addr.port}`
  return {
    host,
    url: `http://${host}/smile-dental/posts`,
    received,
    expect: (secret) => void (key = new Uint8Array(Buffer.from(secret.replace(/^whsec_/, ""), "base64"))),
    close: () => server.shutdown(),
  }
}
