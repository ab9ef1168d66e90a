import { copyFile, lstat, mkdir, readdir } from "node:fs/promises"
import { join } from "node:path"

/** What a folder holds: enough to see that some of it is missing. Postgres needs its empty directories as well. */
export interface Extent {
  readonly directories: number
  readonly files: number
  readonly bytes: number
}

/** How many files are copied at a time. */
const AT_ONCE = 16

/** Does something with each file; a failure ends it. */
const eachFile = async (files: ReadonlyArray<string>, use: (file: string) => Promise<void>) => {
  const left = files.values()
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const file of left) await use(file)
  }))
}

/** Copies what a folder holds into one that is there and empty, folders with access for their owner alone. */
export const copyFolder = async (from: string, to: string): Promise<Extent> => {
  const entries = await readdir(from, { recursive: true, withFileTypes: true })
  const pathIn = (folder: string, { name, parentPath }: { name: string; parentPath: string }) =>
    join(folder, parentPath.slice(from.length), name)
  const directories = entries.filter((entry) => entry.isDirectory())
  for (const entry of directories) {
    await mkdir(pathIn(to, entry), { recursive: true, mode: 0o700 })
  }
  const files = entries.filter((entry) => entry.isFile())
  let bytes = 0
  await eachFile(files.map((entry) => pathIn("", entry)), async (path) => {
    await copyFile(join(from, path), join(to, path))
    const { size } = await lstat(join(to, path))
    bytes += size
  })
  return { directories: directories.length, files: files.length, bytes }
}
