/** IP addresses: which of them lie in a network of one's own. */

/** Blocks of IPv4 that are not of the public internet (RFC 6890, RFC 5771), each with the length of its prefix. */
const blocks: ReadonlyArray<readonly [string, number]> = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
]

const numberOf = (v4: string): number => v4.split(".").reduce((sum, part) => sum * 256 + Number(part), 0)

const isPrivateV4 = (number: number): boolean =>
  blocks.some(([block, length]) => {
    const size = 2 ** (32 - length)
    return Math.floor(number / size) === Math.floor(numberOf(block) / size)
  })

/** The eight groups of an IPv6 address; undefined when it is none. */
const groupsOf = (address: string): ReadonlyArray<number> | undefined => {
  const text = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "")
  const url = text.includes(":") ? URL.parse(`http://[${text}]`) : null
  if (url === null) return undefined
  // as URL writes it: hexadecimal groups, at most one `::`
  const [head = "", tail] = url.hostname.slice(1, -1).split("::")
  const of = (part: string) => part === "" ? [] : part.split(":").map((group) => parseInt(group, 16))
  if (tail === undefined) return of(head)
  const [first, last] = [of(head), of(tail)]
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last]
}

/** The IPv4 address within one of IPv6: mapped, translated (64:ff9b::/96) or 6to4; undefined where there is none. */
const innerOf = (groups: ReadonlyArray<number>): number | undefined => {
  const at = (n: number) => groups[n]! * 65_536 + groups[n + 1]!
  const isZero = (from: number, to: number) => groups.slice(from, to).every((group) => group === 0)
  if (isZero(0, 5) && (groups[5] === 0xffff || groups[5] === 0)) return at(6)
  if (groups[0] === 0x64 && groups[1] === 0xff9b && isZero(2, 6)) return at(6)
  return groups[0] === 0x2002 ? at(1) : undefined
}

/**
 * Whether an address is of this machine, of a network of one's own, link-local, or of no single machine: what a name that others
 * own must not lead to. What can't be read counts as such.
 */
export const isPrivateAddress = (address: string): boolean => {
  if (/^\d+(?:\.\d+){3}$/.test(address)) return isPrivateV4(numberOf(address))
  const groups = groupsOf(address)
  if (groups === undefined) return true
  const inner = innerOf(groups)
  if (inner !== undefined) return isPrivateV4(inner)
  // fc00::/7, fe80::/9 with the old site-local ones, ff00::/8
  return groups[0]! >= 0xfc00 && (groups[0]! < 0xfe00 || groups[0]! >= 0xfe80)
}

/** Whether the host of a url is an address, or names this machine: then who wrote it said where it leads. */
export const isAddressed = (hostname: string): boolean =>
  hostname === "localhost" || hostname.startsWith("[") || /^\d+(?:\.\d+){3}$/.test(hostname)
