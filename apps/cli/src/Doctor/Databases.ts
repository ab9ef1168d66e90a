/** The databases: reached, at the schema of this program, and by the same clock. Starts no Postgres. */
import { status } from "@stint/edge/Migrator"
import { ping } from "../Db/Ping.ts"
import { type Target, withTargets } from "../Db/Targets.ts"
import { holderOf } from "../Postgres/Home.ts"
import { LauncherError } from "../Postgres/LauncherError.ts"
import { readScripts } from "../Scripts.ts"
import { run } from "../Stack/Databases.ts"
import { serviceNames, type Settings } from "../Stack/Settings.ts"
import type { Clock } from "./Clocks.ts"
import { failed, type Finding, ok, skipped } from "./Finding.ts"

/** What was found, and the clocks that were seen. */
interface Found {
  readonly findings: ReadonlyArray<Finding>
  readonly clocks: ReadonlyArray<Clock>
}

const one = async ({ databaseUrl, migrateUrl, runtimeRole, service, settings }: Target): Promise<Found> => {
  const name = `${service} database`
  const { ahead, ok: isUp, outcome, tried } = await run(settings, ping(databaseUrl))
  if (!isUp) {
    const mend = "stint db ping says what was tried; look at the url, the password and the server"
    return { findings: [failed(name, `${tried}: ${outcome.replaceAll("\n", " ")}`, mend)], clocks: [] }
  }
  const clocks = ahead === undefined ? [] : [{ of: `the database of ${service}`, ahead }]
  try {
    const files = await readScripts(service)
    const { pending, refusal } = await run(settings, status({ service, url: migrateUrl, runtimeRole, files }))
    if (refusal !== undefined) return { findings: [failed(name, refusal, "stint db status says more")], clocks }
    return pending.length === 0
      ? { findings: [ok(name, `${outcome}; at the schema of this program`)], clocks }
      : { findings: [failed(name, `${pending.length} scripts are pending`, "stint db migrate")], clocks }
  } catch (error) {
    if (!(error instanceof LauncherError)) throw error
    return { findings: [failed(name, error.message, "stint db status says more")], clocks }
  }
}

/** Checks the databases that were given, or those of a stack that runs. */
export const databases = async (settings: Settings): Promise<Found> => {
  const isGiven = serviceNames.every((service) => settings.databases[service] !== undefined)
  if (!isGiven && await holderOf(settings.home) === undefined) {
    return { findings: [skipped("databases", "no stack runs in this home: stint start starts one")], clocks: [] }
  }
  try {
    const found = await withTargets(settings.env, serviceNames, (targets) => Promise.all(targets.map(one)))
    return { findings: found.flatMap(({ findings }) => findings), clocks: found.flatMap(({ clocks }) => clocks) }
  } catch (error) {
    if (!(error instanceof LauncherError)) throw error
    return {
      findings: [failed("databases", error.message, "stint start mends what it can; stint db ping says more")],
      clocks: [],
    }
  }
}
