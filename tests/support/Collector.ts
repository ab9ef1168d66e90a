/** A collector of OTLP over HTTP, in the hands of a test. */
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"

/** A span, as far as a test looks at it. */
export interface Span {
  readonly service: string
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly links: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>
  readonly attributes: ReadonlyArray<
    {
      readonly key: string
      readonly value: {
        readonly stringValue?: string
        readonly intValue?: number | string
        readonly doubleValue?: number
      }
    }
  >
  readonly text: string
}

/** A collector of OTLP over HTTP that keeps what it gets. */
export const openCollector = async () => {
  const spans: Array<Span> = []
  const records: Array<{ readonly service: string; readonly said: string }> = []
  const received: Array<unknown> = []
  const serviceOf = ({ attributes }: { readonly attributes: Span["attributes"] }) =>
    attributes.find(({ key }) => key === "service.name")!.value.stringValue!
  const server: Server = createServer(async (request, response) => {
    const parts: Array<Uint8Array> = []
    for await (const part of request) parts.push(part)
    if (parts.length > 0) received.push(JSON.parse(Buffer.concat(parts).toString()))
    if (request.url === "/v1/traces") {
      const { resourceSpans } = JSON.parse(Buffer.concat(parts).toString())
      for (const { resource, scopeSpans } of resourceSpans) {
        for (const { spans: some } of scopeSpans) {
          for (const span of some) spans.push({ service: serviceOf(resource), ...span, text: JSON.stringify(span) })
        }
      }
    }
    if (request.url === "/v1/logs") {
      const { resourceLogs } = JSON.parse(Buffer.concat(parts).toString())
      for (const { resource, scopeLogs } of resourceLogs) {
        for (const { logRecords } of scopeLogs) {
          for (const { body } of logRecords) records.push({ service: serviceOf(resource), said: body.stringValue })
        }
      }
    }
    response.end("{}")
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return {
    spans,
    records,
    /** All that came, whole. */
    received,
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** A running one. */
export type Collector = Awaited<ReturnType<typeof openCollector>>
