/** Writes the files that are derived from `sql/`. Run it after a script was added; a test fails when it was not run. */
import { derivedFiles } from "@stint/cli/Db/Derived"
import { startPostgres } from "@stint/cli/Postgres"
import { newPasswords, provision, services } from "@stint/cli/Provision"
import { readScripts } from "@stint/cli/Scripts"
import { Effect } from "effect"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

const root = new URL("../", import.meta.url)
const home = await mkdtemp(join(tmpdir(), "stint-schema-"))
const postgres = await startPostgres({ home, log: console.error, settings: { fsync: "off" } })
try {
  const server = { host: postgres.host, port: postgres.port, ...postgres.superuser }
  const databases = await Effect.runPromise(provision(server, "stint", newPasswords("stint")))
  for (const service of services) {
    const { migrateUrl: url, runtimeRole } = databases[service]
    const files = await readScripts(service)
    for (const { path, text } of await Effect.runPromise(derivedFiles({ service, url, runtimeRole, files }))) {
      const file = new URL(path, root)
      if (await readFile(file, "utf8").catch(() => "") === text) continue
      await writeFile(file, text)
      console.log(`wrote ${path}`)
    }
  }
} finally {
  await postgres.stop()
  await rm(home, { recursive: true, force: true })
}
