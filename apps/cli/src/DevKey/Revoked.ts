/** The list of revoked tokens of a local stack, which its services read (docs/keys.md). */
import { LauncherError } from "../Postgres/LauncherError.ts"
import { locked, replaceFile, revokedFileOf, textOf } from "./Store.ts"

/** An entry: all tokens of a value, or those issued before an instant. */
export type Entry = string | { readonly value: string; readonly issued_before?: string }

/** The file's content. */
export interface RevokedList {
  readonly jti?: ReadonlyArray<Entry>
  readonly sub?: ReadonlyArray<Entry>
  readonly kid?: ReadonlyArray<string>
}

const isList = (value: unknown): value is RevokedList =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(Array.isArray)

/** What is revoked in a home. Fails with a LauncherError. */
export const readRevoked = async (home: string): Promise<RevokedList> => {
  const path = revokedFileOf(home)
  const text = await textOf(path) ?? "{}"
  try {
    const value: unknown = JSON.parse(text)
    if (isList(value)) return value
  } catch { /* said below */ }
  throw new LauncherError(`${path} is no list of what is revoked: mend or remove it.`)
}

/** Adds an entry. One of before for the same value gives way to it. Fails with a LauncherError. */
export const revokeToken = (home: string, by: "jti" | "sub", entry: Entry): Promise<void> =>
  locked(home, async () => {
    const list = await readRevoked(home)
    const valueOf = (one: Entry) => typeof one === "string" ? one : one.value
    const others = (list[by] ?? []).filter((one) => valueOf(one) !== valueOf(entry))
    await replaceFile(revokedFileOf(home), `${JSON.stringify({ ...list, [by]: [...others, entry] }, null, 2)}\n`)
  })
