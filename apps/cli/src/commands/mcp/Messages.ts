/** Pure: how a message of an MCP client goes over HTTP, and what comes back. */

/** A message as a client writes it: JSON-RPC 2.0. */
export interface Message {
  readonly id?: string | number | null
  readonly method?: string
  readonly params?: {
    readonly name?: unknown
    readonly uri?: unknown
    readonly _meta?: Readonly<Record<string, unknown>>
  }
}

/** A line as a message; undefined where it is none. */
export const messageOf = (line: string): Message | undefined => {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

const VERSION = "io.modelcontextprotocol/protocolVersion"

/** The headers that protocols without sessions repeat of a message; none for one of an older protocol. */
export const routingHeaders = ({ method, params }: Message): Record<string, string> => {
  const version = params?._meta?.[VERSION]
  if (typeof version !== "string" || method === undefined) return {}
  const name = params?.name ?? params?.uri
  return {
    "mcp-protocol-version": version,
    "mcp-method": method,
    // what a header can't hold is coded
    ...(typeof name !== "string" ? {} : {
      "mcp-name": /^[\x21-\x7e]+$/.test(name) ? name : `=?base64?${new TextEncoder().encode(name).toBase64()}?=`,
    }),
  }
}

/** The messages of an answer: one as JSON, or those of a stream of events. */
export const messagesIn = (type: string | null, body: string): ReadonlyArray<string> => {
  if (type?.startsWith("text/event-stream") !== true) return body.trim() === "" ? [] : [oneLine(body)]
  return body.split(/\r?\n\r?\n/).map((event) =>
    event.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart()).join("\n")
  ).filter((data) => data !== "").map(oneLine)
}

/** JSON in one line, which is what ends a message on standard output. */
const oneLine = (json: string): string => JSON.stringify(JSON.parse(json))

/** The answer to a request that got none. */
export const failure = (id: Message["id"], message: string): string =>
  JSON.stringify({ jsonrpc: "2.0", id: id ?? null, error: { code: -32000, message } })
