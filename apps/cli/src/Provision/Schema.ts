/**
 * By which scripts a home's databases were made or migrated last, in `database-schema.json` of it. A start that finds its own there
 * asks the databases nothing: each service looks at the schema of its own and refuses another, and that is when they are migrated.
 */
import { readTextFile } from "@stint/edge/Serve/TextFile"
import { rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { hashOfScripts } from "../Scripts.ts"
import { services } from "./Roles.ts"

const pathIn = (home: string): string => join(home, "database-schema.json")

const textNow = async (): Promise<string> =>
  `${JSON.stringify({ scripts: (await hashOfScripts(services)).digest("hex") })}\n`

/** Whether these scripts were the last ones. */
export const isSchemaKept = async (home: string): Promise<boolean> =>
  await readTextFile(pathIn(home)).catch(() => undefined) === await textNow()

/** Notes these scripts (0600), once the databases are at their schema. */
export const keepSchema = async (home: string): Promise<void> => {
  const path = pathIn(home)
  await writeFile(`${path}.new`, await textNow(), { mode: 0o600 })
  await rename(`${path}.new`, path)
}
