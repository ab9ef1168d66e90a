/** A receiver of the alert webhook that checks each signature, and the settings of a scheduler that posts to it. */
import { bytesOf } from "@stint/edge/Secrets"
import { signatureOf } from "@stint/edge/Webhooks"
import { Effect, Redacted } from "effect"
import { Mac, SecureRandom } from "effect/crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import type { StartOptions } from "./Harness.ts"

const SECRET = "whsec_czNjcmV0czNjcmV0czNjcmV0"

/** A webhook that was received and answered with 200. */
export interface Received {
  readonly id: string
  readonly type: string
  // deno-lint-ignore no-explicit-any
  readonly data: any
  readonly isSigned: boolean
}

/** Starts a receiver. */
export const startReceiver = async () => {
  const received: Array<Received> = []
  let status = 200
  let requests = 0
  const server = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk) => body += chunk)
    request.on("end", async () => {
      // as it is when the request is counted: who waits for that changes it
      const answer = status
      requests++
      const id = String(request.headers["webhook-id"])
      const timestamp = Number(request.headers["webhook-timestamp"])
      const secret = Redacted.make(bytesOf(SECRET)!)
      const expected = await Effect.runPromise(
        signatureOf(secret, { id, timestamp, body }).pipe(
          Effect.provide(Mac.layerWebCrypto),
          Effect.provide(SecureRandom.layerWebCrypto),
        ),
      )
      if (answer === 200) {
        received.push({ id, ...JSON.parse(body), isSigned: request.headers["webhook-signature"] === expected })
      }
      response.writeHead(answer).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`
  return {
    received,
    /** How many requests came, whatever they were answered with. */
    requests: () => requests,
    /** The status of every answer from now on. */
    answer: (with_: number) => void (status = with_),
    /** What a scheduler needs to post to it. */
    settings: (): Required<Pick<StartOptions, "env">> => ({
      env: { STINT_ALERT_WEBHOOK: url, STINT_ALERT_SECRET: SECRET },
    }),
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve)
        // kept-alive connections would hold it open
        server.closeAllConnections()
      }),
  }
}
