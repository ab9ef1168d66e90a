/**
 * By which scripts a home's databases were made or migrated last, and which passwords opened them then, in `database-schema.json` of
 * it. A start that finds its own scripts and passwords there asks the databases nothing: each service looks at the schema of its own
 * and refuses another, and that is when they are migrated.
 */
import { readTextFile } from "@stint/edge/Serve/TextFile"
import { createHash } from "node:crypto"
import { rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { hashOfScripts } from "../Scripts.ts"
import { type Passwords, readPasswords, type Server, services } from "./Roles.ts"

const pathIn = (home: string): string => join(home, "database-schema.json")

/** The passwords are 192 random bits each: their hash tells nobody what they are. */
const textOf = async (passwords: Passwords, superuser: Pick<Server, "password">): Promise<string> => {
  const hash = createHash("sha256").update(superuser.password)
  for (const [role, password] of Object.entries(passwords).toSorted()) hash.update(`\n${role} ${password}`)
  const scripts = (await hashOfScripts(services)).digest("hex")
  return `${JSON.stringify({ scripts, passwords: hash.digest("hex") })}\n`
}

/** The passwords of the home's roles, when they and these scripts are those of the last start; else undefined. */
export const keptPasswords = async (
  home: string,
  superuser: Pick<Server, "password">,
): Promise<Passwords | undefined> => {
  const passwords = await readPasswords(home)
  if (passwords === undefined) return undefined
  const noted = await readTextFile(pathIn(home)).catch(() => undefined)
  return noted === await textOf(passwords, superuser) ? passwords : undefined
}

/** Notes these scripts and the home's passwords (0600), once the databases are at their schema and let these in. */
export const keepSchema = async (home: string, superuser: Pick<Server, "password">): Promise<void> => {
  const passwords = await readPasswords(home)
  if (passwords === undefined) return
  const path = pathIn(home)
  await writeFile(`${path}.new`, await textOf(passwords, superuser), { mode: 0o600 })
  await rename(`${path}.new`, path)
}
