/**
 * Migrates a service's database to the schema of its scripts, and back. The applied scripts are in the ledger of the
 * database (`Pg/Ledger.ts`), where each script inserts its own row: a script pasted into an SQL editor counts like
 * one that is run here.
 */
import type { PgClient } from "@effect/sql-pg"
import { Duration, Effect } from "effect"
import type { SqlError } from "effect/sql"
import { MIGRATOR_LOCK } from "./Locks.ts"
import { lookAt, type MigrationTarget, onDatabase } from "./Migrator/Database.ts"
import { migrateAgain } from "./Schedules.ts"
import { createLedger, type Ledger, readLedger, refusalOf, unknownOf } from "./Pg/Ledger.ts"
import { MigrationError } from "./Migrator/MigrationError.ts"
import type { Plan } from "./Migrator/Plan.ts"
import { postgresWords, sqlState } from "./Pg/SqlErrors.ts"

export type { MigrationTarget } from "./Migrator/Database.ts"
export { MigrationError } from "./Migrator/MigrationError.ts"
export type { ScriptFile } from "./Migrator/Plan.ts"

/**
 * The state of a database: the applied scripts in their order, the pending ones, and those that only a newer program
 * knows. `refusal` says why this program may not run there, as the end of a sentence about the schema.
 */
export interface MigrationStatus {
  readonly applied: ReadonlyArray<string>
  readonly pending: ReadonlyArray<string>
  readonly unknown: ReadonlyArray<string>
  readonly refusal: string | undefined
}

/** The server checks its client while a statement runs, so it frees the lock of a migrator that was killed. Some platforms can't. */
const checkClient = `do $$ begin
  perform set_config('client_connection_check_interval', '1s', true);
exception when others then null; end $$`

const note = "Scripts applied to this database since 0.2.0, a row each, written by the script itself."

const compare = (plan: Plan, ledger: Ledger): MigrationStatus => {
  const applied = new Set(ledger.scripts.map(({ name }) => name))
  const own = plan.up.map(({ name }) => name)
  const unknown = unknownOf(ledger, own)
  return {
    applied: own.filter((name) => applied.has(name)),
    pending: own.filter((name) => !applied.has(name)),
    unknown: unknown.map(({ name }) => name),
    refusal: refusalOf(unknown),
  }
}

/** A script as one statement: a prepared statement takes one command, EXECUTE of plpgsql takes many. */
const whole = (script: string): string => {
  let tag = "script"
  while (script.includes(`$${tag}$`) || script.includes(`$${tag}_body$`)) tag += "_"
  return `do $${tag}$ begin execute $${tag}_body$${script}$${tag}_body$; end $${tag}$`
}

/**
 * How long a script waits for a lock, in milliseconds: less than Postgres' deadlock_timeout, so that of two that wait for each
 * other the migrator gives way, and no request of a service that runs meanwhile fails. It is tried again as a whole.
 */
const GIVE_WAY_MS = 500

/** Whether a script did not get a lock. */
const gaveWay = (error: SqlError.SqlError | MigrationError): boolean =>
  error._tag === "MigrationError" && error.reason === "locked" && error.script !== undefined

/** A transaction that holds the migrators' lock. The ledger is read under the lock, so it has what the migrator before committed. */
const locked = <A>(
  target: MigrationTarget,
  sql: PgClient.PgClient,
  use: (ledger: Ledger) => Effect.Effect<A, SqlError.SqlError | MigrationError>,
) =>
  sql.withTransaction(Effect.gen(function* () {
    const timeout = Duration.toMillis(target.lockTimeout ?? "30 seconds")
    yield* sql`select set_config('lock_timeout', ${String(timeout)}, true),
      set_config('client_min_messages', 'warning', true)`
    yield* sql.unsafe(checkClient)
    yield* sql`select pg_advisory_xact_lock(${MIGRATOR_LOCK})`.pipe(
      Effect.catchIf(
        (error) => sqlState(error) === "55P03",
        () =>
          new MigrationError({
            service: target.service,
            reason: "locked",
            detail: `another migrator has held the database for ${timeout / 1000} s; try again when it is done`,
          }),
      ),
    )
    for (const statement of createLedger) yield* sql.unsafe(statement)
    yield* sql`select set_config('lock_timeout', ${String(Math.min(timeout, GIVE_WAY_MS))}, true)`
    return yield* use(yield* readLedger(sql, target.runtimeRole))
  })).pipe(Effect.retry({ schedule: migrateAgain, while: gaveWay }))

const run = (target: MigrationTarget, sql: PgClient.PgClient, script: string, text: string) =>
  sql.unsafe(whole(text)).unprepared.pipe(
    Effect.mapError((error) => {
      const state = sqlState(error)
      const reason = state === undefined ? "unreachable" : state === "55P03" || state === "40P01" ? "locked" : "script"
      return new MigrationError({ service: target.service, reason, script, detail: postgresWords(error) })
    }),
  )

const newer = (target: MigrationTarget, detail: string) =>
  new MigrationError({ service: target.service, reason: "newer", detail })

/** Only the newest program migrates: it alone knows all scripts, and the rights on all that they made. */
const refuseNewer = (target: MigrationTarget, { pending, refusal, unknown }: MigrationStatus) => {
  if (refusal !== undefined) return newer(target, `the schema ${refusal}`)
  if (pending.length === 0 || unknown.length === 0) return Effect.void
  return newer(
    target,
    `the schema lacks ${pending.join(", ")}, and has ${unknown.join(", ")} of a newer program: ` +
      "migrate with the newest program",
  )
}

/** A digest of the rights that a plan grants to a role, so that a start sees whether they were granted already. */
const rightsOf = (plan: Plan, role: string | undefined): Effect.Effect<string> =>
  plan.grants === undefined || role === undefined ? Effect.succeed("") : Effect.promise(async () => {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${role}\n${plan.grants}`))
    const hex = Array.from(new Uint8Array(digest).subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0"))
    return ` Rights: ${hex.join("")}.`
  })

/**
 * Whether the runtime role has its rights. The note says so, unless 0.2.0 set the rights again, which takes that on the
 * ledger away. Where a newer program granted, its rights have ours in them, and ours would take some of them away.
 */
const isGranted = (target: MigrationTarget, plan: Plan, ledger: Ledger, status: MigrationStatus, note: string) =>
  plan.grants === undefined || target.runtimeRole === undefined || target.runtimeRole === ledger.user ||
  (ledger.readable && (ledger.note === note || status.unknown.length > 0))

const grant = (target: MigrationTarget, sql: PgClient.PgClient, plan: Plan, note: string) =>
  Effect.gen(function* () {
    if (plan.grants === undefined || target.runtimeRole === undefined) return
    yield* sql`select set_config('stint.runtime_role', ${target.runtimeRole}, true)`
    yield* run(target, sql, "grants.sql", plan.grants)
    yield* sql.unsafe(`comment on table schema_scripts is '${note}'`)
  })

/** Checks the ledger's rule: each script has a row after it was applied, and none after it was reverted. */
const checkLedger = (
  target: MigrationTarget,
  sql: PgClient.PgClient,
  names: ReadonlyArray<string>,
  present: boolean,
) =>
  Effect.gen(function* () {
    const rows = (yield* readLedger(sql, target.runtimeRole)).scripts.map(({ name }) => name)
    const wrong = names.find((name) => rows.includes(name) !== present)
    if (wrong === undefined) return
    return yield* new MigrationError({
      service: target.service,
      reason: "plan",
      script: wrong,
      detail: `the script did not ${present ? "write" : "remove"} its row in the ledger`,
    })
  })

/**
 * Applies the pending scripts in one transaction and grants the runtime role its rights; succeeds with what it applied.
 * Migrators of one database wait for each other; one that fails or is killed changes nothing. A database that is up to
 * date costs two small queries.
 */
export const migrate = Effect.fn("Migrator.migrate")(
  (target: MigrationTarget): Effect.Effect<{ readonly applied: ReadonlyArray<string> }, MigrationError> =>
    onDatabase(target, (sql, plan) =>
      Effect.gen(function* () {
        const granted = note + (yield* rightsOf(plan, target.runtimeRole))
        const look = Effect.fnUntraced(function* (ledger: Ledger) {
          const status = compare(plan, ledger)
          yield* refuseNewer(target, status)
          return { pending: status.pending, hasRights: isGranted(target, plan, ledger, status, granted) }
        })
        const first = yield* look(yield* lookAt(target, sql))
        if (first.pending.length === 0 && first.hasRights) return { applied: [] }
        return yield* locked(target, sql, (ledger) =>
          Effect.gen(function* () {
            const { hasRights, pending } = yield* look(ledger)
            for (const step of plan.up.filter(({ name }) => pending.includes(name))) {
              yield* run(target, sql, step.name, step.sql)
            }
            yield* checkLedger(target, sql, pending, true)
            const isOwner = target.runtimeRole === ledger.user
            if (!isOwner && (pending.length > 0 || !hasRights)) yield* grant(target, sql, plan, granted)
            return { applied: pending }
          }))
      })),
)

/** What `migrate` would apply; it fails where `migrate` would refuse. Changes nothing. */
export const upPlan = Effect.fn("Migrator.upPlan")(
  (target: MigrationTarget): Effect.Effect<{ readonly pending: ReadonlyArray<string> }, MigrationError> =>
    onDatabase(target, (sql, plan) =>
      Effect.gen(function* () {
        const status = compare(plan, yield* lookAt(target, sql))
        yield* refuseNewer(target, status)
        return { pending: status.pending }
      })),
)

/** How far down to migrate. */
export interface DownTarget extends MigrationTarget {
  /** The last script that stays; without it all are reverted. */
  readonly to?: string
}

/** The scripts to revert, the latest first. */
const stepsDown = (
  target: DownTarget,
  plan: Plan,
  ledger: Ledger,
): Effect.Effect<{ readonly steps: Plan["down"]; readonly undone: ReadonlyArray<string> }, MigrationError> =>
  Effect.gen(function* () {
    const { applied, unknown } = compare(plan, ledger)
    if (unknown.length > 0) {
      yield* newer(target, `the schema is newer than this program, which does not know ${unknown.join(", ")}`)
    }
    const kept = target.to === undefined ? [] : applied.slice(0, applied.indexOf(target.to) + 1)
    const steps = plan.down.filter(({ undoes }) => undoes.some((name) => applied.includes(name)))
      .filter(({ undoes }) => !undoes.every((name) => kept.includes(name)))
    const split = steps.find(({ undoes }) => undoes.some((name) => kept.includes(name)))
    if (split !== undefined || (target.to !== undefined && kept.length === 0)) {
      return yield* new MigrationError({
        service: target.service,
        reason: "plan",
        detail: split === undefined
          ? `${target.to} is not applied here`
          : `${target.to} is in the middle of what ${split.file} reverts as one`,
      })
    }
    return { steps, undone: steps.flatMap(({ undoes }) => undoes).filter((name) => applied.includes(name)) }
  })

/**
 * Reverts every applied script (with `to`: those after it), the latest first, in one transaction; succeeds with what it
 * reverted. The scripts of phase 2 are reverted together.
 */
export const down = Effect.fn("Migrator.down")(
  (target: DownTarget): Effect.Effect<{ readonly undone: ReadonlyArray<string> }, MigrationError> =>
    onDatabase(
      target,
      (sql, plan) =>
        Effect.andThen(
          lookAt(target, sql),
          locked(target, sql, (ledger) =>
            Effect.gen(function* () {
              const { steps, undone } = yield* stepsDown(target, plan, ledger)
              for (const step of steps) yield* run(target, sql, step.file, step.sql)
              yield* checkLedger(target, sql, undone, false)
              return { undone }
            })),
        ),
    ),
)

/** What `down` would revert. Changes nothing. */
export const downPlan = Effect.fn("Migrator.downPlan")(
  (target: DownTarget): Effect.Effect<{ readonly undone: ReadonlyArray<string> }, MigrationError> =>
    onDatabase(target, (sql, plan) => Effect.flatMap(lookAt(target, sql), (ledger) => stepsDown(target, plan, ledger))),
)

/** The state of a database. Changes nothing. */
export const status = Effect.fn("Migrator.status")(
  (target: MigrationTarget): Effect.Effect<MigrationStatus, MigrationError> =>
    onDatabase(target, (sql, plan) => Effect.map(lookAt(target, sql), (ledger) => compare(plan, ledger))),
)
