/** Connections of a listener whose peers do not do their part. What a whole service makes of others is in tests/system/connections.test.ts. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { listen, type Listening, serveConnection } from "../src/Serve/Connections.ts"
import { freePortBase } from "../../../tests/support/Stack.ts"
import { until } from "../../../tests/support/Until.ts"

/** More than two sockets hold between them. */
const LARGE = 32_000_000
const REQUESTS = 3

describe("a connection", () => {
  let port: number
  let server: Listening
  beforeAll(async () => {
    port = await freePortBase()
    const limits = { connections: 10, perPeer: 10, headersMs: 60_000, idleMs: 50, requests: REQUESTS }
    const answer = ({ url }: Request) =>
      Promise.resolve(
        url.endsWith("/fetched")
          // its headers can't be changed, as those of an answer that fetch gave
          ? Response.redirect("http://a/")
          : new Response(url.endsWith("/large") ? new Uint8Array(LARGE) : "small"),
      )
    server = listen({ hostname: "127.0.0.1", port }, answer, limits, serveConnection()!)
  })
  afterAll(() => server.shutdown())

  const ask = async (...paths: ReadonlyArray<string>) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port })
    const text = paths.map((path) => `GET /${path} HTTP/1.1\r\nhost: a\r\n\r\n`).join("")
    await connection.write(new TextEncoder().encode(text))
    return connection
  }
  /** All that it is sent until it is closed. */
  const read = async (connection: Deno.TcpConn) => {
    let got = ""
    try {
      for await (const chunk of connection.readable) got += new TextDecoder("latin1").decode(chunk)
    } catch { /* cut off */ }
    return got
  }

  it("that had its share of requests is told so in the last answer, and closed after it", async () => {
    for (const [path, status] of [["small", 200], ["fetched", 302]] as const) {
      const got = await read(await ask("small", "small", path))
      assert.deepStrictEqual(got.match(/HTTP\/1\.1 \d+|^connection: close/gm), [
        "HTTP/1.1 200",
        "HTTP/1.1 200",
        `HTTP/1.1 ${status}`,
        "connection: close",
      ])
    }
  })

  it("whose peer does not read its last answer is cut off, and its service goes on", async () => {
    const deaf = await ask("small", "small", "large")
    // without a read, which would let the answer through, what it sends is refused then
    await until("it is cut off", () => deaf.write(new Uint8Array(1)).then(() => false, () => true))
    assert.isBelow((await read(deaf)).length, LARGE)
    assert.include(await read(await ask("small")), "HTTP/1.1 200")
  })
})
