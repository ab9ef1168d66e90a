import { down, downPlan, migrate, MigrationError, status, upPlan } from "@stint/edge/Migrator"
import { postgresWords } from "@stint/edge/Pg/SqlErrors"
import { verify } from "@stint/edge/Migrator/Verify"
import { Effect, Redacted } from "effect"
import * as SqlError from "effect/sql/SqlError"
import { type Flags, UsageError } from "../../Command.ts"
import { ping } from "../../Db/Ping.ts"
import { type Target, withTargets } from "../../Db/Targets.ts"
import type { Io } from "../../Io.ts"
import { modelsIn } from "../../Models.ts"
import { LauncherError } from "../../Postgres/LauncherError.ts"
import { meanwhile } from "../../Remote/Wait.ts"
import { readScripts } from "../../Scripts.ts"
import { document } from "../../Show/Fields.ts"
import { run } from "../../Stack/Databases.ts"
import { type ServiceName, serviceNames } from "../../Stack/Settings.ts"

/** Tells a person of a service. */
type Say = (service: string, text: string) => void

/** What came of it: whether all is well, and what --json says beside the service's name. */
interface Outcome {
  readonly ok: boolean
  readonly json: object
}

/** What is done with one database. Throws a LauncherError. */
type Action = (target: Target, flags: Flags, say: Say) => Promise<Outcome>

const migrationOf = async ({ migrateUrl: url, runtimeRole, service }: Target) => ({
  service,
  url,
  runtimeRole,
  files: await readScripts(service),
})

const list = (names: ReadonlyArray<string>, none: string): string => names.length === 0 ? none : names.join(", ")

const actions: Readonly<Record<string, Action>> = {
  migrate: async (target, flags, say) => {
    const migration = await migrationOf(target)
    if (!flags["dry-run"]) {
      const { applied } = await run(target.settings, migrate(migration))
      say(target.service, applied.length === 0 ? "nothing to do" : `applied ${applied.join(", ")}`)
      return { ok: true, json: { applied } }
    }
    const { pending } = await run(target.settings, upPlan(migration))
    say(target.service, pending.length === 0 ? "nothing to do" : `would apply ${pending.join(", ")}`)
    return { ok: true, json: { pending } }
  },
  status: async (target, _flags, say) => {
    const { applied, pending, refusal, unknown } = await run(target.settings, status(await migrationOf(target)))
    say(target.service, `applied: ${list(applied, "none")}`)
    say("", `pending: ${list(pending, "none")}`)
    if (refusal !== undefined) say("", `the schema ${refusal}`)
    else if (unknown.length > 0) say("", `of a newer program, on which this one may run: ${unknown.join(", ")}`)
    return { ok: refusal === undefined, json: { applied, pending, unknown, refusal: refusal ?? null } }
  },
  verify: async (target, _flags, say) => {
    const checks = await run(target.settings, verify(await migrationOf(target)))
    for (const { check, result } of checks) say(target.service, `${check}: ${result}`)
    const wrong = checks.filter(({ ok }) => !ok).length
    say(
      target.service,
      wrong === 0 ? `all ${checks.length} checks are ok` : `${wrong} of ${checks.length} checks differ`,
    )
    return { ok: wrong === 0, json: { checks: checks.map(({ check, ok, result }) => ({ check, ok, result })) } }
  },
  down: async (target, { "dry-run": dry, to }, say) => {
    const migration = { ...await migrationOf(target), ...(typeof to === "string" ? { to } : {}) }
    const { undone } = await run(target.settings, dry ? downPlan(migration) : down(migration))
    say(
      target.service,
      undone.length === 0 ? "nothing to do" : `${dry ? "would take" : "took"} back ${undone.join(", ")}`,
    )
    return { ok: true, json: { undone } }
  },
  seed: async ({ databaseUrl, settings }, _flags, say) => {
    const [{ seed }, { PgClient }, { connectionOf }] = await Promise.all([
      import("@stint/catalog/Seed"),
      import("@effect/sql-pg"),
      import("@stint/edge/Pg/Connection"),
    ])
    const models = await modelsIn(settings.env)
    const client = PgClient.layer({ ...connectionOf(databaseUrl), maxConnections: 1 })
    const sentence = (error: unknown) =>
      new MigrationError({
        service: "catalog",
        reason: "unreachable",
        detail: SqlError.isSqlError(error) ? postgresWords(error) : String(error),
      })
    const seeded = await run(
      settings,
      seed(models).pipe(Effect.provide(client), Effect.catchDefect((defect) => Effect.fail(sentence(defect)))),
    )
    for (const { id, outcome } of seeded) {
      say("catalog", outcome === "changed" ? `${id}: published with another content, which stays` : `${id}: ${outcome}`)
    }
    return { ok: seeded.every(({ outcome }) => outcome !== "changed"), json: { seeded } }
  },
  ping: async ({ databaseUrl, migrateUrl, service, settings }, _flags, say) => {
    const urls = Redacted.value(databaseUrl) === Redacted.value(migrateUrl)
      ? [["service and owner", databaseUrl] as const]
      : [["service", databaseUrl] as const, ["owner", migrateUrl] as const]
    const pongs = await Promise.all(urls.map(async ([as, url]) => ({ as, ...await run(settings, ping(url)) })))
    for (const { as, ok, outcome, tried } of pongs) {
      say(service, `${ok ? "ok" : "FAILED"} as ${as}: ${tried}: ${outcome.replaceAll("\n", " ")}`)
    }
    return {
      ok: pongs.every(({ ok }) => ok),
      json: { tries: pongs.map(({ as, ok, outcome, tried }) => ({ as, ok, outcome, tried })) },
    }
  },
}

const servicesOf = (action: string, text: unknown): ReadonlyArray<ServiceName> => {
  if (action === "seed" && (text === undefined || text === "catalog")) return ["catalog"]
  if (text === undefined) return serviceNames
  const service = serviceNames.find((name) => name === text)
  if (service !== undefined && action !== "seed" && action !== "reconcile") return [service]
  throw new UsageError(
    action === "reconcile"
      ? "db reconcile compares all four databases: leave --service away."
      : action === "seed"
      ? "Only catalog has seed data."
      : `There is no service ${JSON.stringify(text)}: say ${serviceNames.join(", ")}.`,
  )
}

const allowed: Readonly<Record<string, ReadonlyArray<string>>> = {
  "dry-run": ["migrate", "down", "reconcile"],
  to: ["down"],
  yes: ["down"],
}

const check = (action: string, flags: Flags): void => {
  const misplaced = Object.keys(allowed).find((flag) => flags[flag] !== undefined && !allowed[flag]!.includes(action))
  if (misplaced !== undefined) throw new UsageError(`--${misplaced} is not for db ${action}.`)
  if (action !== "down") return
  if (flags.to !== undefined && flags.service === undefined) {
    throw new UsageError("--to names a script of one service: say --service NAME too.")
  }
  if (!flags.yes && !flags["dry-run"]) {
    throw new UsageError("db down destroys what the tables hold: say --yes, or --dry-run to see what would go.")
  }
}

/** Compares all four databases; 0 when nothing differs in the end. */
const reconciled = async (targets: ReadonlyArray<Target>, flags: Flags, io: Io): Promise<number> => {
  const { reconcile } = await import("../../Db/Reconcile.ts")
  const options = { dryRun: flags["dry-run"] === true, hasCatalog: io.env.USE_AGENT_TYPE_DB !== "false" }
  const isJson = flags.json === true
  const comparing = run(targets[0]!.settings, reconcile(targets, options, isJson ? () => {} : io.out))
  const { left } = await meanwhile(io, "Comparing the databases,", comparing)
  if (isJson) document(io, { left })
  return left.length === 0 ? 0 : 1
}

/** Does it with one database after the other; a failure of one does not keep the others from their turn. */
const inTurn = async (name: string, targets: ReadonlyArray<Target>, flags: Flags, io: Io): Promise<number> => {
  const isJson = flags.json === true
  const say: Say = isJson ? () => {} : (service, text) => io.out(`${service.padEnd(13)}${text}`)
  const services: Array<object> = []
  let allWell = true
  for (const target of targets) {
    try {
      const { json, ok } = await meanwhile(io, `db ${name} of ${target.service},`, actions[name]!(target, flags, say))
      services.push({ service: target.service, ok, ...json })
      if (!ok) allWell = false
    } catch (error) {
      if (!(error instanceof LauncherError)) throw error
      io.err(`stint: ${error.message}`)
      services.push({ service: target.service, ok: false, error: error.message })
      allWell = false
    }
  }
  if (isJson) document(io, { services })
  return allWell ? 0 : 1
}

/** What `stint db` does. */
export const perform = async (flags: Flags, io: Io): Promise<number> => {
  const name = String(flags.action)
  check(name, flags)
  const use = (targets: ReadonlyArray<Target>) =>
    name === "reconcile" ? reconciled(targets, flags, io) : inTurn(name, targets, flags, io)
  return await withTargets(io.env, servicesOf(name, flags.service), use, {
    makes: name === "migrate" && !flags["dry-run"],
  })
}
