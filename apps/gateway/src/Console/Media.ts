/** Pure: the media types of the console's files, by the ends of their names. */
const types: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  ico: "image/x-icon",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  map: "application/json",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  webmanifest: "application/manifest+json",
  webp: "image/webp",
  woff2: "font/woff2",
}

/** The media type of a file of that name. */
export const mediaOf = (name: string): string =>
  types[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream"

/** Whether a file of that name gets smaller: text, and what is not packed by itself. */
export const isPackable = (name: string): boolean =>
  /^(?:text\/|application\/(?:json|manifest)|image\/svg)/.test(mediaOf(name))

/** Whether an `Accept-Encoding` takes gzip (RFC 9110 12.5.3). */
export const takesGzip = (header: string | undefined): boolean =>
  (header ?? "").split(",").map((part) => part.split(";").map((word) => word.trim().toLowerCase()))
    .some(([coding, weight]) => coding === "gzip" && !/^q=0(?:\.0*)?$/.test(weight ?? ""))
