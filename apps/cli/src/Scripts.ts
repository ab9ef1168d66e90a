import type { ScriptFile } from "@stint/edge/Migrator"
import { readdir, readFile } from "node:fs/promises"

/** Where the scripts of all services stand in this repository. */
const root = new URL("../../../sql/", import.meta.url)

/** Reads the files of `sql/<service>/`; none when the service has no folder. */
export const readScripts = async (service: string): Promise<ReadonlyArray<ScriptFile>> => {
  const folder = new URL(`${service}/`, root)
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".sql"))
  return Promise.all(names.map(async (name) => ({ name, sql: await readFile(new URL(name, folder), "utf8") })))
}
