/** `Files` on Deno, within its `--allow-read` and `--allow-write`. */
import { Effect } from "effect"
import { FileFailure, type Files } from "../Files.ts"
import { NotReadable, readTextFile } from "./TextFile.ts"

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

/** Only a file keeps what is appended to it, and can be read from a place on. */
const regular = (info: Deno.FileInfo): Deno.FileInfo => {
  if (info.isFile) return info
  throw new NotReadable("it is not a regular file")
}

/** As `regular`, before a path is opened, which may wait for ever at a pipe; undefined: there is no such file yet. */
const regularOrNone = (path: string) =>
  Deno.stat(path).then(regular).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error
  })

const endsMidLine = async (file: Deno.FsFile) => {
  const { size } = regular(await file.stat())
  if (size === 0) return false
  await file.seek(-1, Deno.SeekMode.End)
  const last = new Uint8Array(1)
  await file.read(last)
  return last[0] !== NEWLINE
}

const appendLine = async (path: string, line: string) => {
  await regularOrNone(path)
  using file = await Deno.open(path, { read: true, append: true, create: true, mode: 0o600 })
  const bytes = encoder.encode(`${await endsMidLine(file) ? "\n" : ""}${line}\n`)
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at))
  await file.sync()
}

const readFrom = async (path: string, offset: number, most: number) => {
  const size = (await regularOrNone(path))?.size
  // whoever follows a file asks at its end most of the time: that costs one look, and no buffer
  if (size !== undefined && size <= offset) return new Uint8Array()
  using file = await Deno.open(path, { read: true })
  await file.seek(offset, Deno.SeekMode.Start)
  const bytes = new Uint8Array(Math.min(most, (size ?? most) - offset))
  const n = await file.read(bytes)
  return bytes.subarray(0, n ?? 0)
}

/** Reading and appending. An append that has begun is not interrupted. */
export const denoFiles: Files["Service"] = {
  readFrom: (path, offset, most) => attempt(path, () => readFrom(path, offset, most)),
  read: (path) => attempt(path, () => readTextFile(path)),
  appendLine: (path, line) => Effect.uninterruptible(attempt(path, () => appendLine(path, line))),
}
