/** Pure: what a browser may do with the console's page. */

/**
 * Nothing from outside, no script but files of this origin. Styles may stand in the page: the component library writes its
 * variables there.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ")

/** The headers of every answer: nothing of it is a page, is framed, or is read by another origin. */
export const safeHeaders = {
  "cache-control": "private, no-cache",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
}

/** The headers of the page. Where browsers come by https they never come otherwise again. */
export const pageHeaders = (isSecure: boolean): Record<string, string> => ({
  "cache-control": "no-cache",
  "content-security-policy": contentSecurityPolicy,
  ...(isSecure ? { "strict-transport-security": "max-age=31536000" } : {}),
})
