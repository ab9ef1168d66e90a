/**
 * Why the embedded Postgres can't run, as one clear sentence for the person who started it. Nothing else
 * is thrown by the launcher.
 */
export class LauncherError extends Error {
  override readonly name = "LauncherError"
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

/** An error of the file system in words. */
export const reasonOf = (error: unknown): string => {
  const code = codeOf(error)
  return meanings[code] ?? code
}
