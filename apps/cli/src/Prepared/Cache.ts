/** Where prepared data folders are kept: made once, whole, and copied by whoever begins with an empty home. */
import { lstat, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { root } from "../Home.ts"
import { isAlive } from "../Postgres/Postmaster.ts"
import { copyFolder, type Extent } from "./Folder.ts"

/** How many folders are kept, each some 60 MB: a branch that is switched to and fro does not make its own anew each time. */
const KEPT = 4

/** The folders in which they may be kept, in the order of preference: with the project, else for this user alone. */
const places = (): ReadonlyArray<string> => [
  join(root, "node_modules", ".cache", "stint"),
  join(tmpdir(), `stint-cache-${Deno.uid() ?? 0}`),
]

/** Whether nobody but us (or root) can have put anything there: the temporary folder is open to all. */
const isOurs = async (place: string): Promise<boolean> => {
  const info = await lstat(place)
  return info.isDirectory() && [0, Deno.uid() ?? 0].includes(info.uid) && (info.mode & 0o022) === 0
}

/** Removes what a folder holds. */
export const empty = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true })
}

/** Removes the folder of that key from each place. Never fails: a place that can't be written keeps its own. */
export const drop = async (key: string, from = places()): Promise<void> => {
  for (const place of from) {
    if (await isOurs(place).catch(() => false)) {
      await rm(join(place, key), { recursive: true, force: true }).catch(() => {})
    }
  }
}

const exists = (path: string): Promise<boolean> => stat(path).then(() => true, () => false)

const isSame = (one: Extent, other: Extent): boolean =>
  one.directories === other.directories && one.files === other.files && one.bytes === other.bytes

/**
 * Copies the folder of that key into one that is there and empty. Returns the path that it copied, or undefined when no
 * place has a complete one; an incomplete one is removed, so that a new one can take its place.
 */
export const takeFrom = async (key: string, to: string, from = places()): Promise<string | undefined> => {
  for (const place of from) {
    const kept = join(place, key)
    try {
      if (!(await isOurs(place)) || !(await exists(kept))) continue
      const extent = JSON.parse(await readFile(join(kept, "extent.json"), "utf8")) as Extent
      const copied = await copyFolder(join(kept, "data"), to)
      if (isSame(copied, extent)) {
        await utimes(kept, new Date(), new Date()).catch(() => {})
        return kept
      }
    } catch { /* it can't be read, or another process removed it meanwhile */ }
    await drop(key, [place])
    await empty(to)
  }
  return undefined
}

/** Removes what a killed maker left half made, and all but the folders that were used last. */
const tidy = async (place: string): Promise<void> => {
  const names = await readdir(place)
  const kept: Array<{ readonly path: string; readonly usedAt: number }> = []
  for (const name of names) {
    const path = join(place, name)
    const maker = Number(/\.new-(\d+)-/.exec(name)?.[1])
    if (maker > 0) {
      if (!isAlive(maker)) await rm(path, { recursive: true, force: true })
    } else kept.push({ path, usedAt: (await stat(path)).mtimeMs })
  }
  kept.sort((a, b) => b.usedAt - a.usedAt)
  for (const { path } of kept.slice(KEPT)) await rm(path, { recursive: true, force: true })
}

/** Keeps a copy of a folder under that key, in the first place where that is possible; of several makers one does. */
export const keepIn = async (key: string, data: string, at = places()): Promise<void> => {
  for (const place of at) {
    try {
      await mkdir(place, { recursive: true, mode: 0o700 })
      if (!(await isOurs(place))) continue
      const unfinished = join(place, `${key}.new-${Deno.pid}-${crypto.randomUUID()}`)
      try {
        await mkdir(join(unfinished, "data"), { recursive: true, mode: 0o700 })
        const extent = await copyFolder(data, join(unfinished, "data"))
        await writeFile(join(unfinished, "extent.json"), JSON.stringify(extent))
        // Fails where another maker was first: theirs is as good
        await rename(unfinished, join(place, key)).catch(() => {})
      } finally {
        await rm(unfinished, { recursive: true, force: true })
      }
      await tidy(place)
      return
    } catch { /* it can't be written, or is full: the next place */ }
  }
}
