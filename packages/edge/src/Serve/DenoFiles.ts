/** `Files` on Deno, within its `--allow-read` and `--allow-write`. */
import { Effect } from "effect"
import { FileFailure, type Files } from "../Files.ts"

const attempt = <A>(path: string, work: () => Promise<A>) =>
  Effect.tryPromise({
    try: work,
    catch: (error) =>
      new FileFailure({
        path,
        missing: error instanceof Deno.errors.NotFound,
        why: error instanceof Error ? error.message : String(error),
      }),
  })

const NEWLINE = 0x0a
const encoder = new TextEncoder()

const endsMidLine = async (file: Deno.FsFile) => {
  const { size } = await file.stat()
  if (size === 0) return false
  await file.seek(-1, Deno.SeekMode.End)
  const last = new Uint8Array(1)
  await file.read(last)
  return last[0] !== NEWLINE
}

const appendLine = async (path: string, line: string) => {
  using file = await Deno.open(path, { read: true, append: true, create: true, mode: 0o600 })
  const bytes = encoder.encode(`${await endsMidLine(file) ? "\n" : ""}${line}\n`)
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at))
  await file.sync()
}

const readFrom = async (path: string, offset: number, most: number) => {
  using file = await Deno.open(path, { read: true })
  await file.seek(offset, Deno.SeekMode.Start)
  const bytes = new Uint8Array(most)
  const n = await file.read(bytes)
  return bytes.subarray(0, n ?? 0)
}

/** The largest file that is read whole, in bytes: more than any setting's file needs. */
const WHOLE = 16 * 1024 * 1024

const read = async (path: string) => {
  // a pipe would be waited for without end, and give what it holds once
  const { isFile, size } = await Deno.stat(path)
  if (!isFile) throw new Error(`${path} is no regular file`)
  if (size > WHOLE) throw new Error(`${path} is larger than ${WHOLE} bytes`)
  return await Deno.readTextFile(path)
}

/** Reading and appending. An append that has begun is not interrupted. */
export const denoFiles: Files["Service"] = {
  readFrom: (path, offset, most) => attempt(path, () => readFrom(path, offset, most)),
  read: (path) => attempt(path, () => read(path)),
  appendLine: (path, line) => Effect.uninterruptible(attempt(path, () => appendLine(path, line))),
}
