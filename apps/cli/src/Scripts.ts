import type { ScriptFile } from "@stint/edge/Migrator"
import { createHash, type Hash } from "node:crypto"
import { readFileSync } from "node:fs"
import { readdir } from "node:fs/promises"

/** Where the scripts of all services stand in this repository. */
const root = new URL("../../../sql/", import.meta.url)

/**
 * Reads the files of `sql/<service>/`; none when the service has no folder. One after the other: they are small and many, and each
 * start looks at them, so a turn of the event loop for each would cost more than what it waits for.
 */
export const readScripts = async (service: string): Promise<ReadonlyArray<ScriptFile>> => {
  const folder = new URL(`${service}/`, root)
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".sql"))
  return names.map((name) => ({ name, sql: readFileSync(new URL(name, folder), "utf8") }))
}

/** A hash of the scripts of these services, by name and content; more can be added to it. */
export const hashOfScripts = async (services: ReadonlyArray<string>): Promise<Hash> => {
  const hash = createHash("sha256")
  for (const service of services) {
    for (const { name, sql } of (await readScripts(service)).toSorted((a, b) => a.name < b.name ? -1 : 1)) {
      hash.update(`${service}/${name}\n${sql}\n`)
    }
  }
  return hash
}
