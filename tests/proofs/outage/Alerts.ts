/** A receiver of the alerts that a stack sends. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { Attack } from "../Proof.ts"

/** An alert that came. */
export interface Came {
  readonly type: string
  readonly data: { readonly kind: string; readonly subject: string }
}

/** A receiver of alerts. */
export const receive = async ({ defer }: Attack) => {
  const came: Array<Came> = []
  const server = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk) => body += chunk)
    request.on("end", () => {
      came.push(JSON.parse(body))
      response.end()
    })
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  defer(() =>
    new Promise((done) => {
      server.close(done)
      server.closeAllConnections()
    })
  )
  return { came, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts` }
}

/** The alerts that have begun and not ended. */
export const openIn = (came: ReadonlyArray<Came>): ReadonlyArray<string> => {
  const open = new Set<string>()
  for (const { data, type } of came) {
    const name = `${data.kind} ${data.subject}`
    if (type === "stint.alert.begun") open.add(name)
    else open.delete(name)
  }
  return [...open]
}
