/** Makers of tests: each keeps to the contract (docs/makers.md) but for what a test has it answer instead. */
import { callBack } from "./callBack.ts"

/** The secret that their requests are signed with. */
export const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

/** What a maker of the test has at hand: the bytes that came, whether they are signed, and whether lately. */
export interface Came {
  readonly text: string
  readonly isSigned: boolean
  readonly isRecent: boolean
  readonly isLook: boolean
}

const verified = async (request: Request): Promise<Came> => {
  const text = await request.text()
  const { headers } = request
  const bytes = Uint8Array.from(atob(SECRET.slice("whsec_".length)), (c) => c.charCodeAt(0))
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"])
  const sent = headers.get("webhook-timestamp")!
  const signed = new TextEncoder().encode(`${headers.get("webhook-id")}.${sent}.${text}`)
  const tag = btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.sign("HMAC", key, signed))))
  return {
    text,
    isSigned: headers.get("webhook-signature") === `v1,${tag}`,
    isRecent: Math.abs(Date.now() / 1_000 - Number(sent)) < 300,
    isLook: request.method === "GET",
  }
}

/** A draft of the made-up review. */
export const good = { title: "A reply", fields: { reply: "Thank you." } }

/** An answer in JSON. */
export const json = (status: number, body: unknown, headers = {}) => Response.json(body, { status, headers })

/** A maker that keeps to the contract, but for what `twist` answers instead; it reads nothing that is too large. */
export const answering =
  (twist: (came: Came) => Response | undefined) => async (request: Request): Promise<Response> => {
    if (Number(request.headers.get("content-length")) > 4_000_000) return json(413, {})
    const came = await verified(request)
    const twisted = twist(came)
    if (twisted !== undefined) return twisted
    if (!came.isSigned || !came.isRecent) return json(401, {})
    if (came.isLook) return json(200, good)
    try {
      JSON.parse(came.text)
      return json(200, good)
    } catch {
      return json(400, {})
    }
  }

/** A maker on a port of its own; ended when `use` is done. */
export const withMaker = async (
  handler: (request: Request) => Promise<Response>,
  use: (url: string) => Promise<void>,
) => {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler)
  try {
    await use(`http://127.0.0.1:${server.addr.port}/make`)
  } finally {
    await server.shutdown()
  }
}

/** A twist that answers 202, and calls back. */
export const callingBack =
  (tries: number, type = "draft.made", data: object = { draft: good }, secret = SECRET) => (came: Came) => {
    if (!came.isSigned || !came.isRecent || came.isLook || !/\}$/.test(came.text)) return undefined
    void callBack(came.text, type, data, tries, secret)
    return json(202, {})
  }
