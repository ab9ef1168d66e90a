/** JSON that a command is given in a file, or on standard input. */
import type { JsonObject } from "@stint/domain/Protocol"
import { readTextFile } from "@stint/edge/Serve/TextFile"
import { UsageError } from "../Command.ts"
import { LauncherError, reasonOf } from "../Postgres/LauncherError.ts"
import type { Session } from "./Session.ts"

/** The JSON in a file, - for standard input. Fails with a UsageError where it is none, with a LauncherError where it can't be read. */
export const jsonIn = async ({ io }: Pick<Session, "io">, path: string): Promise<unknown> => {
  const text = path === "-" ? await io.read() : await readTextFile(path).catch((error) => {
    throw new LauncherError(`${path} can't be read: ${reasonOf(error)}.`)
  })
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageError(`${path} is no JSON.`)
  }
}

/** The object in the file that a flag names. */
export const objectIn = async (session: Pick<Session, "io">, flag: string, path: unknown): Promise<JsonObject> => {
  const value = await jsonIn(session, String(path))
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject
  throw new UsageError(`${flag} ${path} holds no JSON object.`)
}
