/** Pure: what of a request's and an answer's headers goes through the front door. */

/** Headers of one connection alone (RFC 9110 7.6.1). */
const hopByHop = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]

/** What a request tells the front door alone: cookies, who made the page, and where it was sent. */
const own = ["cookie", "host", "origin", "referer", "expect", "x-stint-csrf", "accept-encoding", "content-length"]

/** Whoever sends these could lie, and no service reads them. */
const untrusted = /^(?:forwarded$|x-forwarded-|x-real-ip$|sec-|x-stint-)/

const without = (headers: Headers, names: ReadonlyArray<string>): Headers => {
  const rest = new Headers(headers)
  const named = (headers.get("connection") ?? "").split(",").map((name) => name.trim().toLowerCase())
  // what is no token names no header
  for (const name of named) if (/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) rest.delete(name)
  for (const name of [...hopByHop, ...names]) rest.delete(name)
  return rest
}

/** The headers of a request as a service gets them: with the token (undefined: none), the id and the trace in place of what was sent. */
export const requestHeaders = (
  sent: Headers,
  given: {
    readonly token: string | undefined
    readonly requestId: string
    readonly trace: Readonly<Record<string, string>>
  },
): Headers => {
  const headers = without(sent, [...own, "traceparent", "tracestate"])
  for (const name of [...headers.keys()]) if (untrusted.test(name)) headers.delete(name)
  if (given.token === undefined) headers.delete("authorization")
  else headers.set("authorization", `Bearer ${given.token}`)
  headers.set("x-request-id", given.requestId)
  for (const [name, value] of Object.entries(given.trace)) headers.set(name, value)
  // what is coded here would have to be decoded here
  headers.set("accept-encoding", "identity")
  return headers
}

/** The headers of a service's answer as the caller gets them. A service sets no cookie. */
export const responseHeaders = (answered: Headers): Headers => without(answered, ["set-cookie", "content-encoding"])
