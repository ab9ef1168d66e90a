import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"

/** The root of this repository. */
export const root = fileURLToPath(new URL("../../../", import.meta.url))

/** The folder of everything that the local stack stores: `STINT_HOME`, or `.stint` in the repository. */
export const homeOf = (env: Readonly<Record<string, string | undefined>>): string =>
  resolve(env.STINT_HOME || join(root, ".stint"))
