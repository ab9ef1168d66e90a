/** What a request asks for, judged before anything else reads it: its host, its path and its query (RFC 9110, RFC 3986). */

// RFC 3986 3.2.2: a name, an IPv4 address, or an IPv6 address in brackets; then a port
const host = /^(?:(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/

const readable = (text: string) => {
  try {
    return !decodeURIComponent(text).includes("\0")
  } catch {
    return false
  }
}

/** The path of an absolute url, as it was sent; "/" when it has none. */
export const pathOf = (url: string): string => {
  const from = url.indexOf("/", url.indexOf("://") + 3)
  if (from === -1) return "/"
  const path = /^[^?#]*/.exec(url.slice(from))![0]
  return path === "" ? "/" : path
}

const problem = (detail: string) =>
  Response.json(
    {
      type: "urn:stint:problem:invalid_request",
      title: "The request is not valid",
      status: 400,
      detail,
      code: "invalid_request",
    },
    { status: 400, headers: { "content-type": "application/problem+json" } },
  )

/**
 * The answer to a request whose target can't be read; undefined when it can. 400 for a Host that is none (it would move
 * the path, or break the url), 404 for a path with broken percent-encoding or U+0000, 400 for such a query.
 */
export const refusedTarget = (request: Request): Response | undefined => {
  const name = request.headers.get("host")
  if ((name !== null && !host.test(name)) || !/^https?:/.test(request.url) || !URL.canParse(request.url)) {
    return problem("Host must be a name or an address, with or without a port, and the target a path or an http url")
  }
  const at = request.url.indexOf("?")
  if (!readable(at === -1 ? request.url : request.url.slice(0, at))) return new Response(null, { status: 404 })
  return at === -1 || readable(request.url.slice(at + 1)) ? undefined : new Response(null, { status: 400 })
}
