/** What a service does with connections that are slow, idle, too many or odd: real sockets to a real process. */
import { connect, type Socket } from "node:net"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Stack, startStack } from "../support/Stack.ts"
import { UNHURRIED } from "../support/Unhurried.ts"
import { until } from "../support/Until.ts"

const PER_PEER = 60

/** A socket to the catalog that has sent a text, and what it gets. */
interface Peer {
  readonly socket: Socket
  got: string
  closed: boolean
}

describe("connections", () => {
  let stack: Stack
  beforeAll(async () => {
    stack = await startStack({
      STINT_BOUNDS:
        // more than it takes to answer on a machine that stalls
        `${UNHURRIED},header_seconds=6,idle_seconds=7,connections_per_peer=${PER_PEER},connection_requests=5`,
    })
  })
  afterAll(() => stack.stop())

  const open = async (text: string): Promise<Peer> => {
    const socket = connect(stack.base + 1, "127.0.0.1")
    const peer: Peer = { socket, got: "", closed: false }
    socket.on("data", (data) => peer.got += data)
    socket.on("error", () => peer.closed = true)
    socket.on("close", () => peer.closed = true)
    await new Promise<void>((resolve) => socket.once("connect", () => resolve()))
    if (text !== "") socket.write(text)
    return peer
  }
  const answered = (peer: Peer) => until("an answer comes", () => Promise.resolve(/\r\n\r\n/.test(peer.got)))
  const closed = (what: string, peers: ReadonlyArray<Peer>) =>
    until(what, () => Promise.resolve(peers.every((peer) => peer.closed)))
  const ask = "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n"
  /** Over a connection of its own: one that fetch kept may be closed just then. */
  const alive = async () => {
    const peer = await open("GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    await answered(peer)
    assert.match(peer.got, /^HTTP\/1.1 200/)
  }

  it("A5: that send half a header, a drop at a time, or nothing, that idle, or begin another request and stop, are closed", async () => {
    const peers = []
    for (let n = 0; n < 20; n++) peers.push(await open("GET /livez HTTP/1.1\r\nhost: a\r\nx"))
    for (let n = 0; n < 10; n++) peers.push(await open(""))
    const slow = await open("GET /livez HTTP/1.1\r\n")
    const drops = setInterval(() => slow.socket.write("x: 1\r\n"), 100)
    const idle = [await open(ask), await open(`${ask}GET /li`)]
    for (const peer of idle) {
      await answered(peer)
      assert.match(peer.got, /^HTTP\/1.1 200/)
    }
    await alive()
    await closed("they are closed", [...peers, slow, ...idle])
    clearInterval(drops)
    await alive()
  })

  it("A5: that are more than one address may have take the place of those that idle longest", async () => {
    const idle = []
    for (let n = 0; n < PER_PEER + 10; n++) {
      const peer = await open(ask)
      await answered(peer)
      assert.match(peer.got, /^HTTP\/1.1 200/)
      idle.push(peer)
    }
    await closed("the first of them are closed", idle.slice(0, 10))
    await alive()
    for (const { socket } of idle) socket.destroy()
  })

  it("A5: that had their share of requests are closed after the answer", async () => {
    const peer = await open(ask.repeat(5))
    await closed("it is closed", [peer])
    assert.strictEqual(peer.got.match(/HTTP\/1.1 200/g)?.length, 5)
  })

  it("D4: that send an odd Host or target get 400 or 404, and leave no stack in the log", async () => {
    const before = stack.output().length
    for (
      const [target, host, status] of [
        ["/livez", "a b/..@x", 400],
        ["/livez", "a:99999", 400],
        ["/livez", "xn--a", 400],
        ["/livez", "[::1", 400],
        ["ftp://a/livez", "a", 400],
        ["http://b/livez", "a", 200],
        ["//b:99999/livez", "a", 404],
      ] as const
    ) {
      const peer = await open(`GET ${target} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
      await answered(peer)
      assert.match(peer.got, new RegExp(`^HTTP/1.1 ${status}`), `${target} ${host}`)
      peer.socket.destroy()
    }
    // of the service that was asked: another one may say meanwhile that something is away
    const said = stack.output().slice(before).split("\n").filter((line) => /^catalog +\|/.test(line))
    assert.notMatch(said.join("\n"), /Error|\bat /)
  })

  it("D9: OPTIONS * and a method that a path does not have are answered on purpose", async () => {
    const server = await open("OPTIONS * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    await answered(server)
    assert.match(server.got, /^HTTP\/1.1 204[^]*\nallow: GET, HEAD, OPTIONS, POST, PUT\r\n/i)
    const document = await open("DELETE /openapi.json HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    await answered(document)
    assert.match(document.got, /^HTTP\/1.1 405[^]*\nallow: GET, HEAD, OPTIONS\r\n/i)
  })
})
