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

/** Copies the folder of that key into one that is there and empty; whether there was one, and all of it could be had. */
export const takeFrom = async (key: string, to: string, from = places()): Promise<boolean> => {
  for (const place of from) {
    const kept = join(place, key)
    try {
      if (!(await isOurs(place))) continue
      const extent = JSON.parse(await readFile(join(kept, "extent.json"), "utf8")) as Extent
      const copied = await copyFolder(join(kept, "data"), to)
      if (copied.files === extent.files && copied.bytes === extent.bytes) {
        await utimes(kept, new Date(), new Date()).catch(() => {})
        return true
      }
      // Something cleans that place up: what is left of it is of no use to anyone
      await rm(kept, { recursive: true, force: true })
    } catch { /* none is there, or it can't be read, or it went away meanwhile */ }
    for (const name of await readdir(to)) await rm(join(to, name), { recursive: true, force: true })
  }
  return false
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
