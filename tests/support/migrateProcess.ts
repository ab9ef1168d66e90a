/** A migrator as a process of its own, for a test that kills it: `up` or `down`, a service, its url and role in the environment. */
import { down, migrate } from "@stint/edge/Migrator"
import { readScripts } from "@stint/cli/Scripts"
import { Effect, Redacted } from "effect"
import process from "node:process"

const { DIRECTION, MIGRATE_URL, ROLE, SERVICE, SLOW } = process.env
const files = await readScripts(SERVICE!)
// The last step waits, so that the process is in the middle when the test looks
const slow = "\nselect pg_sleep(30);"
const last = DIRECTION === "down"
  ? files.filter(({ name }) => name.endsWith(".down.sql")).map(({ name }) => name).toSorted()[0]
  : files.filter(({ name }) => name.endsWith(".up.sql")).map(({ name }) => name).toSorted().at(-1)
const target = {
  service: SERVICE!,
  url: Redacted.make(MIGRATE_URL!),
  runtimeRole: ROLE!,
  files: files.map((file) => SLOW === "1" && file.name === last ? { ...file, sql: file.sql + slow } : file),
}
await (DIRECTION === "down" ? Effect.runPromise(down(target)) : Effect.runPromise(migrate(target)))
