import { readdir } from "node:fs/promises"
import { join } from "node:path"

/** What a folder holds: enough to see that some of it is missing. Postgres needs its empty directories as well. */
export interface Extent {
  readonly directories: number
  readonly files: number
  readonly bytes: number
}

/** How many files are copied before whatever else waits has its turn: some milliseconds. */
const AT_ONCE = 100

/**
 * Copies what a folder holds into one that is there and empty, folders with access for their owner alone. Synchronously, some
 * files at a time: of a few thousand small ones, to hand each to another thread costs more than to copy it.
 */
export const copyFolder = async (from: string, to: string): Promise<Extent> => {
  const entries = await readdir(from, { recursive: true, withFileTypes: true })
  const pathIn = (folder: string, { name, parentPath }: { name: string; parentPath: string }) =>
    join(folder, parentPath.slice(from.length), name)
  const directories = entries.filter((entry) => entry.isDirectory())
  for (const entry of directories) Deno.mkdirSync(pathIn(to, entry), { recursive: true, mode: 0o700 })
  const files = entries.filter((entry) => entry.isFile())
  let bytes = 0
  for (const [nth, entry] of files.entries()) {
    if (nth % AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve))
    const copy = pathIn(to, entry)
    Deno.copyFileSync(pathIn(from, entry), copy)
    bytes += Deno.lstatSync(copy).size
  }
  return { directories: directories.length, files: files.length, bytes }
}
