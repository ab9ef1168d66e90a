/** A request over a connection whose address was judged: hostile answers, and what happens before anything is sent. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Result } from "effect"
import type { LineRequest } from "../src/Dial.ts"
import { denoDial } from "../src/Serve/DenoDial.ts"

const ends: Array<() => void> = []
afterAll(() => ends.forEach((end) => end()))

/** A server that answers each connection with these bytes, once it has the head of a request; `hold` keeps it open after them. */
const answering = (answer: string | Uint8Array | ReadonlyArray<string>, hold = false) => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 })
  const got: Array<string> = []
  const held: Array<Deno.Conn> = []
  ends.push(() => {
    listener.close()
    for (const connection of held) connection.close()
  })
  const serve = async (connection: Deno.Conn) => {
    const buffer = new Uint8Array(65_536)
    let text = ""
    while (!/\r\n\r\n/.test(text)) {
      const n = await connection.read(buffer)
      if (n === null) return connection.close()
      text += new TextDecoder().decode(buffer.subarray(0, n))
    }
    got.push(text)
    const parts = typeof answer === "string" || answer instanceof Uint8Array ? [answer] : answer
    try {
      for (const part of parts) {
        const bytes = typeof part === "string" ? new TextEncoder().encode(part) : part
        for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at))
      }
    } catch { /* the other side has had enough */ }
    if (hold) held.push(connection)
    else connection.close()
  }
  void (async () => {
    for await (const connection of listener) void serve(connection).catch(() => {})
  })().catch(() => {})
  return { url: `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}/make?a=b`, got }
}

const post: LineRequest = { method: "POST", headers: { "content-type": "text/plain" }, body: "hellö" }

const send = (url: string, request = post, most = 1_000) =>
  Effect.gen(function* () {
    const line = yield* denoDial(url, () => true)
    return yield* line.send(request, most)
  }).pipe(Effect.scoped)

const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)

describe("a request over a judged connection", () => {
  it.live("goes out whole, with the host of the url, and its answer comes back whatever its status", () =>
    Effect.gen(function* () {
      const { got, url } = answering("HTTP/1.1 307 Go\r\nlocation: /elsewhere\r\ncontent-length: 2\r\n\r\nno")
      const answer = yield* send(url)
      assert.deepInclude(answer, { status: 307 })
      assert.strictEqual(answer.headers.location, "/elsewhere")
      assert.strictEqual(textOf(answer.body), "no")
      // it followed nothing
      assert.lengthOf(got, 1)
      assert.match(got[0]!, /^POST \/make\?a=b HTTP\/1\.1\r\n/)
      assert.match(got[0]!, new RegExp(`\r\nhost: ${new URL(url).host}\r\n`))
      assert.match(got[0]!, /\r\ncontent-length: 6\r\n/)
      assert.match(got[0]!, /\r\nuser-agent: stint\//)
    }))

  it.live("joins what comes in chunks, and passes a coded body on as it came: nothing of it is unpacked", () =>
    Effect.gen(function* () {
      const chunks = ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "3\r\nabc\r\n", "2\r\nde\r\n0\r\n\r\n"]
      assert.strictEqual(textOf((yield* send(answering(chunks).url)).body), "abcde")
      const head = new TextEncoder().encode(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\n",
      )
      const coded = yield* send(answering(new Uint8Array([...head, 0x1f, 0x8b, 0x08])).url)
      assert.deepStrictEqual([...coded.body!], [0x1f, 0x8b, 0x08])
    }))

  it.live("reads no more than it was told, of a body that has an end and of one that has none", () =>
    Effect.gen(function* () {
      const long = `HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n${"x".repeat(1_001)}`
      assert.strictEqual((yield* send(answering(long).url)).body, undefined)
      const endless = `HTTP/1.1 200 OK\r\n\r\n${"x".repeat(200_000)}`
      assert.strictEqual((yield* send(answering(endless, true).url)).body, undefined)
      const exact = `HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n${"x".repeat(1_000)}`
      assert.lengthOf((yield* send(answering(exact).url)).body!, 1_000)
    }))

  it.live.each<[string, string | ReadonlyArray<string>]>([
    ["no answer", ""],
    ["half a head", "HTTP/1.1 200 OK\r\ncontent-le"],
    ["what is no HTTP", "SSH-2.0-OpenSSH_9.6\r\n\r\n"],
    ["a body shorter than its length", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"],
    ["a chunk that is cut", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nabc"],
    ["a chunk of no size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd"],
    ["a head of a megabyte", `HTTP/1.1 200 OK\r\nx: ${"y".repeat(1_000_000)}\r\n\r\n`],
    ["a switch of protocols", "HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"],
  ])("that is answered with %s broke", ([, answer]) =>
    Effect.gen(function* () {
      const outcome = yield* Effect.result(send(answering(answer).url))
      assert.isTrue(Result.isFailure(outcome))
      assert.strictEqual(Result.isFailure(outcome) && outcome.failure._tag, "LineBroke")
    }))

  it.live("judges the address before anything is sent, and sends nothing to one that is refused", () =>
    Effect.gen(function* () {
      const { got, url } = answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
      const named = url.replace("127.0.0.1", "localhost")
      const judged: Array<string> = []
      const outcome = yield* Effect.result(Effect.scoped(
        denoDial(named, (address) => {
          judged.push(address)
          return false
        }),
      ))
      assert.deepInclude(Result.isFailure(outcome) && outcome.failure, { _tag: "AddressRefused", address: "127.0.0.1" })
      assert.deepStrictEqual(judged, ["127.0.0.1"])
      assert.lengthOf(got, 0)
    }))

  it.live("is unreachable where nothing listens, and where there is no TLS by a certificate that can be trusted", () =>
    Effect.gen(function* () {
      const plain = Deno.listen({ hostname: "127.0.0.1", port: 0 })
      const answered = plain.accept().then(async (connection) => {
        await connection.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"))
        connection.close()
      })
      for (const bad of ["http://127.0.0.1:1/", `https://127.0.0.1:${(plain.addr as Deno.NetAddr).port}/`]) {
        const outcome = yield* Effect.result(send(bad))
        assert.strictEqual(Result.isFailure(outcome) && outcome.failure._tag, "Unreachable")
      }
      yield* Effect.promise(() => answered)
      plain.close()
    }))

  it.live("closes its connection when it is interrupted", () =>
    Effect.gen(function* () {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 })
      const asked = Promise.withResolvers<void>()
      const ended = listener.accept().then(async (connection) => {
        const buffer = new Uint8Array(4_096)
        while (await connection.read(buffer).catch(() => null) !== null) asked.resolve()
        connection.close()
      })
      const { port } = listener.addr as Deno.NetAddr
      const sending = yield* Effect.forkChild(send(`http://127.0.0.1:${port}/`))
      yield* Effect.promise(() => asked.promise)
      yield* Fiber.interrupt(sending)
      yield* Effect.promise(() => ended)
      listener.close()
    }))
})
