/** Pure: whether a request with a session's cookie comes from the front door's own pages. */

/** The header by which a page shows that it could read the session. */
export const CSRF_HEADER = "x-stint-csrf"

/** The headers of a request, by their names in lower case. */
type Headers = Readonly<Record<string, string | undefined>>

/** Methods that change nothing (RFC 9110 9.2.1). */
const safe = new Set(["GET", "HEAD", "OPTIONS"])

/** Compares in the same time, wherever they differ. */
const isSame = (a: string, b: string): boolean => {
  let differs = a.length ^ b.length
  for (let i = 0; i < a.length; i++) differs |= a.charCodeAt(i) ^ (b.charCodeAt(i) || 0)
  return differs === 0
}

/** Where the request comes from, as the browser says: every browser of today sends one of the two with what changes something. */
export const isSameOrigin = (headers: Headers, isOurs: (origin: string) => boolean): boolean | undefined => {
  const { origin, "sec-fetch-site": site } = headers
  if (site !== undefined && site !== "same-origin" && site !== "none") return false
  if (origin !== undefined) return isOurs(origin)
  return site === undefined ? undefined : site === "same-origin"
}

/** Why a request may not use the session of its cookie; undefined when it may. */
export const csrfFault = (
  request: { readonly method: string; readonly headers: Headers },
  session: { readonly csrf: string },
  isOurs: (origin: string) => boolean,
): string | undefined => {
  const own = isSameOrigin(request.headers, isOurs)
  if (safe.has(request.method)) {
    // another site's page may not even make it read
    return own === false && request.headers["sec-fetch-mode"] !== "navigate"
      ? "The request comes from another origin"
      : undefined
  }
  if (own !== true) return "Origin or Sec-Fetch-Site must show that the request comes from this origin"
  return isSame(request.headers[CSRF_HEADER] ?? "", session.csrf)
    ? undefined
    : `Send ${CSRF_HEADER}: the csrf of GET /session`
}
