/** Looks for texts that must not be where they are: in the spans, logs or answers of a program. */

/** How many characters in a row are a leak: a text that was cut short is one as well. */
const WINDOW = 12

/** All parts of a text of that many characters; the text itself where it is shorter. */
const windowsOf = (text: string): ReadonlyArray<string> =>
  Array.from({ length: Math.max(1, text.length - WINDOW + 1) }, (_, at) => text.slice(at, at + WINDOW))

/** Each string in a value of JSON with its path, keys included. */
const stringsOf = function* (value: unknown, path: string): Generator<readonly [path: string, text: string]> {
  if (typeof value === "string") yield [path, value]
  if (typeof value !== "object" || value === null) return
  for (const [key, below] of Object.entries(value)) {
    yield [`${path}.${key}`, key]
    yield* stringsOf(below, `${path}.${key}`)
  }
}

/** Where a secret, whole or in part, stands in what was received: its name and the path. */
export const leaksIn = (received: unknown, secrets: Readonly<Record<string, string>>): ReadonlyArray<string> => {
  const parts = Object.entries(secrets).map(([name, text]) => [name, windowsOf(text)] as const)
  const found: Array<string> = []
  for (const [path, text] of stringsOf(received, "$")) {
    for (const [name, windows] of parts) {
      if (windows.some((part) => text.includes(part))) found.push(`${name} at ${path}`)
    }
  }
  return found
}
