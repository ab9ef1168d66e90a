/** Sends requests over HTTP/1.1 connections of its own, with as little CPU as it can: what is measured shares the cores. */

/** A request of a load, and the number that it is. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly token: string
  readonly key?: string
  readonly body?: string
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const textOf = ({ body, key, method, path, token }: Asked): string =>
  [
    `${method} ${path} HTTP/1.1`,
    "host: 127.0.0.1",
    `authorization: Bearer ${token}`,
    ...(key === undefined ? [] : [`idempotency-key: ${key}`]),
    ...(body === undefined ? [] : [
      "content-type: application/json",
      `content-length: ${encoder.encode(body).length}`,
    ]),
    "",
    body ?? "",
  ].join("\r\n")

/** Reads one answer, which says its length; its body. */
const answerOf = async (
  connection: Deno.TcpConn,
  buffer: Uint8Array,
): Promise<string> => {
  let size = 0
  let whole = Infinity
  let begins = 0
  while (size < whole) {
    const read = await connection.read(buffer.subarray(size))
    if (read === null) {
      throw new Error("the connection was closed within an answer")
    }
    size += read
    if (whole !== Infinity) continue
    const head = decoder.decode(buffer.subarray(0, size))
    const end = head.indexOf("\r\n\r\n")
    if (end === -1) continue
    const length = /^content-length: (\d+)/im.exec(head.slice(0, end))?.[1]
    if (!/^HTTP\/1\.1 20[01]/.test(head) || length === undefined) {
      throw new Error(`not answered as asked: ${head}`)
    }
    begins = end + 4
    whole = begins + Number(length)
  }
  return decoder.decode(buffer.subarray(begins, whole))
}

/** Sends `count` requests over so many connections, one at a time in each; seconds until the last answer. */
export const load = async (
  port: number,
  connections: number,
  count: number,
  ask: (n: number) => Asked,
): Promise<number> => {
  let sent = 0
  const began = performance.now()
  await Promise.all(Array.from({ length: connections }, async () => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port })
    connection.setNoDelay(true)
    const buffer = new Uint8Array(256 * 1024)
    while (sent < count) {
      await connection.write(encoder.encode(textOf(ask(sent++))))
      await answerOf(connection, buffer)
    }
  }))
  return (performance.now() - began) / 1000
}

/** The body of one answer. */
export const askOnce = async (port: number, asked: Asked): Promise<string> => {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port })
  await connection.write(encoder.encode(textOf(asked)))
  return await answerOf(connection, new Uint8Array(256 * 1024))
}
