/** A front door with one service behind it, which the test plays: all four are it. */
import { afterAll, assert, beforeAll, beforeEach } from "@effect/vitest"
import { jsonOf, ORIGIN } from "../../../../tests/support/Browser.ts"
import { type Front, startFront, startUpstream, token } from "./Front.ts"

/** What a service got. */
export interface Heard {
  readonly method: string
  readonly target: string
  readonly headers: Headers
}

/** Starts both before the tests of a file, and stops them after. What was heard and how it answers is new for each test. */
export const behindFront = () => {
  let front: Front
  const upstream = startUpstream((request) => {
    const { headers, method, url } = request
    behind.heard.push({ method, target: url.slice(upstream.url.length), headers: new Headers(headers) })
    return behind.answer(request)
  })
  const behind = {
    upstream,
    /** What the service got in this test. */
    heard: [] as Array<Heard>,
    /** How it answers; a test sets another. */
    answer: (_: Request): Response | Promise<Response> => Response.json({ items: [] }),
    /** The token that `send` sends. */
    bearer: "",
    get front(): Front {
      return front
    },
    /** Asks the front door, or another one, as a customer. */
    send: (method: string, path: string, init: RequestInit = {}, to: Pick<Front, "fetch"> = front) =>
      to.fetch(
        new Request(`${ORIGIN}${path}`, {
          method,
          ...init,
          headers: { host: "127.0.0.1:4100", authorization: behind.bearer, ...init.headers as Record<string, string> },
        }),
      ),
  }
  beforeAll(async () => {
    front = await startFront({ upstream: upstream.url })
    behind.bearer = `Bearer ${await token("customer", "acme")}`
  })
  beforeEach(() => {
    behind.heard = []
    behind.answer = () => Response.json({ items: [] })
  })
  afterAll(async () => {
    await front.stop()
    await upstream.stop()
  })
  return behind
}

/** The status of an answer, and of the problem in it, and its code. */
export const problemOf = async (response: Response) => {
  const { code, request_id, status } = await jsonOf(response)
  assert.strictEqual(request_id, response.headers.get("x-request-id"))
  return [response.status, status, code]
}
