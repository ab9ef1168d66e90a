/** Lines as a file: CSV (RFC 4180) or JSON. */

/** A cell of CSV. What a spreadsheet would take for a formula gets a quote before it. */
const cell = (value: unknown): string => {
  const text = value === null || value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value)
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Lines as CSV, with a head. */
export const csvOf = <Name extends string>(
  columns: ReadonlyArray<Name>,
  lines: ReadonlyArray<Readonly<Record<Name, unknown>>>,
): string =>
  [columns.join(","), ...lines.map((line) => columns.map((name) => cell(line[name])).join(","))].join("\r\n") + "\r\n"

/** Lines as JSON. */
export const jsonOf = (lines: ReadonlyArray<object>): string => `${JSON.stringify(lines, null, 2)}\n`

/** Gives the reader a file. */
const download = (name: string, type: string, text: string): void => {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement("a")
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 1_000)
}

/** The kinds of files. */
export type FileKind = "csv" | "json"

/** Gives the reader lines as a file, called after what they are and the day. */
export const save = <Name extends string>(
  what: string,
  kind: FileKind,
  columns: ReadonlyArray<Name>,
  lines: ReadonlyArray<Readonly<Record<Name, unknown>>>,
): void => {
  const name = `${what}-${new Date().toISOString().slice(0, 10)}.${kind}`
  if (kind === "csv") download(name, "text/csv", csvOf(columns, lines))
  else download(name, "application/json", jsonOf(lines))
}
