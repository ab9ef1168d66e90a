import { NotReadable } from "@stint/edge/Serve/TextFile"

/**
 * Why Postgres did not start, where the launcher reacts to it: another process holds its port, a killed Postgres' shared
 * memory still exists, or another Postgres runs in the data folder.
 */
export type LauncherCode = "port_in_use" | "memory_in_use" | "already_running"

/**
 * Why the embedded Postgres can't run, as one clear sentence for the person who started it. Nothing else
 * is thrown by the launcher.
 */
export class LauncherError extends Error {
  override readonly name = "LauncherError"
  readonly code: LauncherCode | undefined
  constructor(message: string, code?: LauncherCode) {
    super(message)
    this.code = code
  }
}

/** The system's own code of an error (`EACCES`, `ENOENT`, ...), or its message where it has none. */
export const codeOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return String(error)
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
  return typeof code === "string" ? code : String(message)
}

const meanings: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of the path is not a folder",
  EEXIST: "a file of that name is in the way",
  EISDIR: "a folder of that name is in the way",
  ENOENT: "it is not there",
}

/** An error of the file system in words, or why a file is none to read. */
export const reasonOf = (error: unknown): string => {
  if (error instanceof NotReadable) return error.message
  const code = codeOf(error)
  return meanings[code] ?? code
}
