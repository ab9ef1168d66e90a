/**
 * The hosts of the links in a text, for the rule `hosts_in`. It errs on one side: what may be a link is one, and a link that
 * can't be read, or that hides where it leads, is none that a mandate covers.
 */
import { plain } from "./Words.ts"

/** A link that can't be read, or that has what no honest link needs: a user's name, a script, data. */
export const UNREADABLE: unique symbol = Symbol.for("stint/UnreadableLink")
type Found = string | typeof UNREADABLE

/** Two slashes or more, also back ones, lead to a host, and so does a scheme that browsers complete. */
const starts = /(?<![\p{L}\p{N}])(?:https?|ftps?|wss?):[\\/]*|[\\/]{2,}/giu

/** Schemes that run or hold something, or open another program's content. */
const dangerous = /(?<![\p{L}\p{N}])(?:javascript|vbscript|data|blob|file|filesystem|intent|view-source):\S/iu

/** What can't be a part of a link, and what of a text may follow a host at once. */
const ends = /[\s<>"`]/gu
const afterHost = /[()[\]{}|'*,;!^~»”’“‘]/u

/** The longest authority that is read: a host has at most 253 characters. */
const AUTHORITY = 300

/** A text with more links than this is not read: it is none that a mandate covers. */
const MOST_LINKS = 500

/** What a host or an address of mail can be in, and the path behind a host, which is no host although it may have points in it. */
const runs = /[\p{L}\p{M}\p{N}._%+@-]+/gu
const pathAfter = /(?::\d+)?[/?#][^\s<>"`()[\]{}|]*/y

/** A label that can be a top-level domain: not of digits alone, at least two characters. */
const topLevel = /^(?=.*\p{L})[\p{L}\p{M}\p{N}_-]{2,}$/u
const ipv4 = /^\d{1,3}(?:\.\d{1,3}){3}$/

/** Full stops of other scripts are points of a host where ASCII stands on both sides; a sentence of those scripts has none. */
const otherStops = /(?<=[\x21-\x7e])[\u3002\uff61\uff0e](?=[\x21-\x7e])/gu

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  colon: ":",
  sol: "/",
  bsol: "\\",
  period: ".",
  commat: "@",
  num: "#",
  quest: "?",
  lt: "<",
  gt: ">",
  quot: '"',
  lbrack: "[",
  lowbar: "_",
  hyphen: "-",
  dash: "-",
  Tab: "",
  NewLine: "",
}

/** A text as a browser shows its HTML entities. */
const withoutEntities = (text: string): string =>
  text.replace(/&#(?:x([0-9a-f]{1,6})|(\d{1,7}));?|&([A-Za-z]{2,8});/gi, (whole, hex, digits, name) => {
    if (name !== undefined) return Object.hasOwn(entities, name) ? entities[name]! : whole
    const code = hex === undefined ? Number(digits) : Number.parseInt(hex, 16)
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole
  })

/** A text as Markdown shows it: without the backslashes before punctuation. */
const withoutEscapes = (text: string): string => text.replace(/\\(?=[!-/:-@[-`{-~])/g, "")

/** A host as `URL` writes it: lower case, punycode, an address in one form; undefined when it is none. */
export const hostnameOf = (host: string): string | undefined => {
  const url = /[\s/?#@\\<>|^]/.test(host) || host === "" ? null : URL.parse(`http://${host}/`)
  if (url === null || url.hostname === "" || !/^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)$/.test(url.hostname)) return undefined
  const name = url.hostname.replace(/\.$/, "")
  return name === "" || name.endsWith(".") ? undefined : name
}

const read = (host: string): Found => hostnameOf(host) ?? UNREADABLE

/** The host of an authority, which text may follow at once. */
const hostOf = (authority: string): Found => {
  // a name before an @ is how a link shows one host and leads to another
  if (authority.length >= AUTHORITY || authority.includes("@")) return UNREADABLE
  if (authority.startsWith("[")) return read(/^\[[^\]]*\]/.exec(authority)?.[0] ?? "")
  const cut = authority.search(afterHost)
  return read((cut === -1 ? authority : authority.slice(0, cut)).replace(/[.:_]+$/, ""))
}

/** The hosts of links with a scheme or slashes, and the text without these links. */
const schemed = (text: string): { readonly hosts: ReadonlyArray<Found>; readonly others: string } => {
  const hosts: Array<Found> = []
  let others = ""
  let after = 0
  let end = 0
  for (const match of text.matchAll(starts)) {
    const from = match.index + match[0].length
    const slashed = /[\\/]/.test(match[0])
    const leads = /^\S/.test(text.slice(from, from + 2)) || slashed && match[0].includes(":")
    // `Https: an overview` and `either // or` are sentences
    if (!leads) continue
    if (from > end) {
      ends.lastIndex = from
      end = ends.exec(text)?.index ?? text.length
    }
    const authority = /^[^/\\?#]*/.exec(text.slice(from, Math.min(end, from + AUTHORITY)))![0]
    hosts.push(hostOf(authority))
    if (hosts.length > MOST_LINKS) return { hosts: [UNREADABLE], others: "" }
    // the path is no host; a bracket ends it, as in [one](https://a.example/b.html)[two](c.example)
    const path = /^[^()[\]{}|]*/.exec(text.slice(from + authority.length, end))![0]
    const cut = authority.startsWith("[") ? -1 : authority.search(afterHost)
    const linkEnd = cut === -1 ? from + authority.length + path.length : from + cut
    others += match.index >= after ? `${text.slice(after, match.index)} ` : ""
    after = Math.max(after, linkEnd)
  }
  return { hosts, others: others + text.slice(after) }
}

/** The host of what may be one: a word with a point in it, and a top-level domain behind the last. */
const wordHost = (word: string): ReadonlyArray<Found> => {
  const host = word.replace(/^[._-]+|[._-]+$/g, "")
  const isHost = host.includes(".") &&
    (ipv4.test(host) || topLevel.test(host.slice(host.lastIndexOf(".") + 1)))
  return isHost ? [read(host)] : []
}

/** The hosts that stand in a text without a scheme, those of addresses of mail included. */
const bareHosts = (text: string): ReadonlyArray<Found> => {
  const hosts: Array<Found> = []
  runs.lastIndex = 0
  for (let match = runs.exec(text); match !== null; match = runs.exec(text)) {
    const [name, ...domains] = match[0].split("@")
    const words = domains.length === 0 ? [name!] : domains
    const found = words.flatMap((word) => word.split(/\.{2,}|[%+]/).flatMap(wordHost))
    hosts.push(...found)
    pathAfter.lastIndex = runs.lastIndex
    const path = found.length === 0 ? null : pathAfter.exec(text)
    if (path !== null) runs.lastIndex += path[0].length
  }
  return hosts
}

/** The hosts that a text's links lead to, each once, and UNREADABLE where one can't be read. */
export const hostsOf = (text: string): ReadonlySet<Found> => {
  const found = new Set<Found>()
  const shown = plain(text).replace(otherStops, ".")
  for (
    const form of new Set([
      shown,
      withoutEntities(shown),
      withoutEscapes(shown),
      withoutEscapes(withoutEntities(shown)),
    ])
  ) {
    const seen = plain(form).replace(otherStops, ".")
    // browsers leave tabs and line feeds out of a scheme
    if (dangerous.test(seen) || dangerous.test(seen.replace(/[\t\n\r]/g, ""))) found.add(UNREADABLE)
    const { hosts, others } = schemed(seen)
    for (const host of [...hosts, ...bareHosts(others)]) found.add(host)
  }
  return found
}

/** An entry of `hosts_in`, as hosts are compared: `example.com`, or `*.example.com` for every host below it; undefined: it is none. */
export const hostPattern = (given: string): string | undefined => {
  const below = given.startsWith("*.")
  const name = below ? given.slice(2) : given
  // any port: a rule names none
  const host = name.includes(":") && !/^\[[^\]]*\]$/.test(name) ? undefined : hostnameOf(name)
  if (host === undefined) return undefined
  return below ? (host.startsWith("[") || ipv4.test(host) || !host.includes(".") ? undefined : `*.${host}`) : host
}

/** Whether a host is one of the patterns. */
export const isOneOf = (host: string, patterns: ReadonlyArray<string>): boolean =>
  patterns.some((pattern) => pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : host === pattern)
