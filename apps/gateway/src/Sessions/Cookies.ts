/** Pure: the cookies of the front door. A browser takes 4 KiB a cookie, so a long text is cut into several. */

/** The most characters of a cookie's value. */
const PIECE = 3_800
/** The most cookies of one text: servers bound their headers too. */
const PIECES = 4

/** The most characters that a cookie's text may have, all pieces together. */
export const LONGEST = PIECE * PIECES

const pieceName = (name: string, piece: number): string => piece === 0 ? name : `${name}.${piece}`

const names = (name: string): ReadonlyArray<string> => Array.from({ length: PIECES }, (_, i) => pieceName(name, i))

/** The cookies of a `Cookie` header; of one name that comes twice the first. */
const parse = (header: string): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=")
    const name = pair.slice(0, at).trim()
    if (at > 0 && !found.has(name)) found.set(name, pair.slice(at + 1).trim())
  }
  return found
}

/** The text of a cookie, put together again; undefined when there is none. */
export const textOf = (header: string | undefined, name: string): string | undefined => {
  if (header === undefined) return undefined
  const cookies = parse(header)
  const pieces: Array<string> = []
  for (const piece of names(name)) {
    const value = cookies.get(piece)
    if (value === undefined || value === "") break
    pieces.push(value)
  }
  return pieces.length === 0 ? undefined : pieces.join("")
}

/** How a cookie is kept. */
export interface Keeping {
  readonly isSecure: boolean
  /** In seconds; 0 forgets it. */
  readonly maxAge: number
}

const line = (name: string, value: string, { isSecure, maxAge }: Keeping): string =>
  `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`

/**
 * The `Set-Cookie` lines that keep a text, and forget what the request sent of a longer one. The text is base64url and dots,
 * at most `LONGEST` of them.
 */
export const linesOf = (
  name: string,
  text: string,
  keeping: Keeping,
  sent: string | undefined,
): ReadonlyArray<string> => {
  const before = parse(sent ?? "")
  return names(name).flatMap((piece, i) => {
    const value = text.slice(i * PIECE, (i + 1) * PIECE)
    if (value !== "") return [line(piece, value, keeping)]
    return before.has(piece) ? [line(piece, "", { ...keeping, maxAge: 0 })] : []
  })
}
