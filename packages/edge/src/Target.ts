/** What a request asks for, judged before anything else reads it: its host, its path and its query (RFC 9110, RFC 3986). */

import type { FieldIssue } from "@stint/domain/Problem"

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

/** The first parameter of a query that can't be read, decoded as far as its name can be; undefined when none is at fault. */
const oddParameter = (query: string): string | undefined =>
  query.split("&").map((part) => [part, part.split("=", 1)[0]!] as const)
    .find(([part]) => !readable(part))?.[1]

/** The answer to a query that can't be read: it names the parameter (RFC 3986 3.4: a query may hold `?`). */
const refusedQuery = (query: string) => {
  const name = oddParameter(query) ?? ""
  const shown = readable(name) ? decodeURIComponent(name).slice(0, 100).toWellFormed() : ""
  const path = shown === ""
    ? "query"
    : `query${/^[A-Za-z_]\w*$/.test(shown) ? `.${shown}` : `[${JSON.stringify(shown)}]`}`
  const message = "must be valid UTF-8, percent-encoded, without U+0000"
  return problem(`${path} ${message}`, [{ path, message }])
}

const problem = (detail: string, errors?: ReadonlyArray<FieldIssue>) =>
  Response.json(
    {
      type: "urn:stint:problem:invalid_request",
      title: "The request is not valid",
      status: 400,
      detail,
      code: "invalid_request",
      ...(errors === undefined ? {} : { errors }),
    },
    { status: 400, headers: { "content-type": "application/problem+json" } },
  )

/** What most requests ask for: nothing of such a url is encoded, and every url parser takes it. */
const plain =
  /^http:\/\/(?:127\.0\.0\.1|[a-z][a-z0-9]*)(?::[1-5]?\d{1,4})?\/[A-Za-z0-9._~/-]*(?:\?[A-Za-z0-9._~=&-]*)?$/

/**
 * The answer to a request whose target can't be read; undefined when it can. 400 for a Host that is none (it would move
 * the path, or break the url), 404 for a path with broken percent-encoding or U+0000, or with `;`, which no path of ours has and
 * where effect's router ends one: `/things/1;x` would be `/things/1`. 400 for such a query.
 */
export const refusedTarget = (request: Request): Response | undefined => {
  const name = request.headers.get("host")
  if ((name === null || host.test(name)) && plain.test(request.url)) return undefined
  if ((name !== null && !host.test(name)) || !/^https?:/.test(request.url) || !URL.canParse(request.url)) {
    return problem("Host must be a name or an address, with or without a port, and the target a path or an http url")
  }
  const at = request.url.indexOf("?")
  if (!readable(at === -1 ? request.url : request.url.slice(0, at)) || pathOf(request.url).includes(";")) {
    return new Response(null, { status: 404 })
  }
  const query = at === -1 ? "" : request.url.slice(at + 1)
  return readable(query) ? undefined : refusedQuery(query)
}
