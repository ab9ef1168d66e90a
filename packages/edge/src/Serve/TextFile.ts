/** The one way to read a whole file that a setting or an argument names. */

/** The most bytes of such a file: secrets, keys, tokens and revocations are far smaller. */
export const MOST_BYTES = 8 * 1024 * 1024

/** The file is there, and is none to read; `message` says what it is, without its path. */
export class NotReadable extends Error {
  override readonly name = "NotReadable"
}

const kindOf = ({ isBlockDevice, isCharDevice, isDirectory, isFifo, isSocket }: Deno.FileInfo): string => {
  if (isDirectory) return "a folder"
  if (isFifo) return "a pipe"
  if (isSocket) return "a socket"
  return isBlockDevice || isCharDevice ? "a device" : "no regular file"
}

const judge = (info: Deno.FileInfo): void => {
  if (!info.isFile) throw new NotReadable(`it is ${kindOf(info)}, not a regular file`)
  if (info.size > MOST_BYTES) throw new NotReadable(`it has more than ${MOST_BYTES / 1024 / 1024} MiB`)
}

/**
 * The text of a regular file (UTF-8) of at most `MOST_BYTES`; a link to one is followed. Rejects with a NotReadable for anything
 * else that is there, and with the system's error when it can't be opened. It never waits for a writer: the path is looked at
 * before it is opened, since opening a pipe alone would.
 */
export const readTextFile = async (path: string): Promise<string> => {
  judge(await Deno.stat(path))
  using file = await Deno.open(path, { read: true })
  judge(await file.stat())
  // one more than it may have: the file may grow meanwhile, or not say its size
  const chunks: Array<Uint8Array> = []
  let size = 0
  for (;;) {
    const chunk = new Uint8Array(64 * 1024)
    const read = await file.read(chunk)
    if (read === null) break
    size += read
    if (size > MOST_BYTES) throw new NotReadable(`it has more than ${MOST_BYTES / 1024 / 1024} MiB`)
    chunks.push(chunk.subarray(0, read))
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    await new Blob(chunks as Array<Uint8Array<ArrayBuffer>>).bytes(),
  )
}
