/**
 * Migrates a service's database to the schema of its scripts, and back. The applied scripts are in the table
 * `schema_ledger` of the database, where each script inserts its own row: a script pasted into an SQL editor counts like
 * one that is run here.
 */
import type { PgClient } from "@effect/sql-pg"
import { Duration, Effect } from "effect"
import type { SqlError } from "effect/sql"
import { MIGRATOR_LOCK } from "./Locks.ts"
import { type Ledger, type MigrationTarget, onDatabase, readLedger } from "./Migrator/Database.ts"
import { MigrationError } from "./Migrator/MigrationError.ts"
import type { Plan } from "./Migrator/Plan.ts"
import { postgresWords, sqlState } from "./Pg/SqlErrors.ts"

export type { MigrationTarget } from "./Migrator/Database.ts"
export { MigrationError } from "./Migrator/MigrationError.ts"
export type { ScriptFile } from "./Migrator/Plan.ts"

/** The state of a database: the applied scripts in their order, the pending ones, and ledger rows of no script here. */
export interface MigrationStatus {
  readonly applied: ReadonlyArray<string>
  readonly pending: ReadonlyArray<string>
  readonly unknown: ReadonlyArray<string>
}

/** The server checks its client while a statement runs, so it frees the lock of a migrator that was killed. Some platforms can't. */
const checkClient = `do $$ begin
  perform set_config('client_connection_check_interval', '1s', true);
exception when others then null; end $$`

const createLedger = `create table if not exists schema_ledger (
  name text primary key,
  applied_at timestamptz not null default now()
)`

const ledgerNote = "Scripts applied to this database, a row each, written by the script itself."

const compare = (plan: Plan, ledger: Ledger): MigrationStatus => {
  const known = new Set(plan.up.map(({ name }) => name))
  return {
    applied: plan.up.map(({ name }) => name).filter((name) => ledger.names.includes(name)),
    pending: plan.up.map(({ name }) => name).filter((name) => !ledger.names.includes(name)),
    unknown: ledger.names.filter((name) => !known.has(name)),
  }
}

/** A script as one statement: a prepared statement takes one command, EXECUTE of plpgsql takes many. */
const whole = (script: string): string => {
  let tag = "script"
  while (script.includes(`$${tag}$`) || script.includes(`$${tag}_body$`)) tag += "_"
  return `do $${tag}$ begin execute $${tag}_body$${script}$${tag}_body$; end $${tag}$`
}

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
    yield* sql.unsafe(createLedger)
    return yield* use(yield* readLedger(sql))
  }))

const run = (target: MigrationTarget, sql: PgClient.PgClient, script: string, text: string) =>
  sql.unsafe(whole(text)).unprepared.pipe(
    Effect.mapError((error) =>
      new MigrationError({
        service: target.service,
        reason: sqlState(error) === undefined ? "unreachable" : "script",
        script,
        detail: postgresWords(error),
      })
    ),
  )

const refuseNewer = (target: MigrationTarget, unknown: ReadonlyArray<string>) =>
  unknown.length === 0 ? Effect.void : new MigrationError({
    service: target.service,
    reason: "newer",
    detail: `the schema is newer than this program, which does not know ${unknown.join(", ")}`,
  })

/** A digest of the rights that a plan grants to a role, so that a start sees whether they were granted already. */
const rightsOf = (plan: Plan, role: string | undefined): Effect.Effect<string> =>
  plan.grants === undefined || role === undefined ? Effect.succeed("") : Effect.promise(async () => {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`${role}\n${plan.grants}`))
    const hex = Array.from(new Uint8Array(digest).subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0"))
    return ` Rights: ${hex.join("")}.`
  })

const grant = (target: MigrationTarget, sql: PgClient.PgClient, plan: Plan, note: string) =>
  Effect.gen(function* () {
    if (plan.grants === undefined || target.runtimeRole === undefined) return
    yield* sql`select set_config('stint.runtime_role', ${target.runtimeRole}, true)`
    yield* run(target, sql, "grants.sql", plan.grants)
    yield* sql.unsafe(`comment on table schema_ledger is '${note}'`)
  })

/** Checks the ledger's rule: each script has a row after it was applied, and none after it was reverted. */
const checkLedger = (
  target: MigrationTarget,
  sql: PgClient.PgClient,
  names: ReadonlyArray<string>,
  present: boolean,
) =>
  Effect.gen(function* () {
    const rows = (yield* readLedger(sql)).names
    const wrong = names.find((name) => rows.includes(name) !== present)
    if (wrong === undefined) return
    return yield* new MigrationError({
      service: target.service,
      reason: "plan",
      script: wrong,
      detail: `the script did not ${present ? "write" : "remove"} its row in schema_ledger`,
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
        const note = ledgerNote + (yield* rightsOf(plan, target.runtimeRole))
        const isDone = (ledger: Ledger, status: MigrationStatus) =>
          status.pending.length === 0 &&
          (plan.grants === undefined || target.runtimeRole === undefined || target.runtimeRole === ledger.user ||
            ledger.note === note)
        const look = Effect.fnUntraced(function* (ledger: Ledger) {
          const status = compare(plan, ledger)
          yield* refuseNewer(target, status.unknown)
          return { done: isDone(ledger, status), pending: status.pending }
        })
        if ((yield* look(yield* readLedger(sql))).done) return { applied: [] }
        return yield* locked(target, sql, (ledger) =>
          Effect.gen(function* () {
            const { done, pending } = yield* look(ledger)
            if (done) return { applied: [] }
            for (const step of plan.up.filter(({ name }) => pending.includes(name))) {
              yield* run(target, sql, step.name, step.sql)
            }
            yield* checkLedger(target, sql, pending, true)
            if (target.runtimeRole !== ledger.user) yield* grant(target, sql, plan, note)
            return { applied: pending }
          }))
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
    yield* refuseNewer(target, unknown)
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
    onDatabase(target, (sql, plan) =>
      locked(target, sql, (ledger) =>
        Effect.gen(function* () {
          const { steps, undone } = yield* stepsDown(target, plan, ledger)
          for (const step of steps) yield* run(target, sql, step.file, step.sql)
          yield* checkLedger(target, sql, undone, false)
          return { undone }
        }))),
)

/** What `down` would revert. Changes nothing. */
export const downPlan = Effect.fn("Migrator.downPlan")(
  (target: DownTarget): Effect.Effect<{ readonly undone: ReadonlyArray<string> }, MigrationError> =>
    onDatabase(target, (sql, plan) => Effect.flatMap(readLedger(sql), (ledger) => stepsDown(target, plan, ledger))),
)

/** The state of a database. Changes nothing. */
export const status = Effect.fn("Migrator.status")(
  (target: MigrationTarget): Effect.Effect<MigrationStatus, MigrationError> =>
    onDatabase(target, (sql, plan) => Effect.map(readLedger(sql), (ledger) => compare(plan, ledger))),
)
