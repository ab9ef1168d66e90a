/**
 * Whether the database of a service can be written, tried in the background: one that answers may still be read-only (a
 * failover) or have a full disk. Readiness, the log and alerts say why.
 */
import { PgClient } from "@effect/sql-pg"
import { Clock, Context, Effect, Fiber, Layer } from "effect"
import { SqlError } from "effect/sql"
import { type Absence, lasted, wordsOf } from "../Absence.ts"
import { Health } from "../Health.ts"
import { pollHere, tryWrites } from "../Schedules.ts"
import { faultOf } from "./SqlErrors.ts"

/** How long a try may take, in milliseconds. */
const DEADLINE_MS = 5_000
/** Shorter absences are not logged, in milliseconds. */
const UNLOGGED_MS = 3_000

/** The database of this service. */
export class Database extends Context.Service<Database, {
  /** Its name among the parts. */
  readonly part: string
  /** How it is away; undefined while it can be written. */
  readonly absence: Effect.Effect<Absence | undefined>
  /** Tries now, within 5 seconds. */
  readonly ask: Effect.Effect<Absence | undefined>
}>()("stint/Database") {
  static readonly layer = (service: string) =>
    Layer.effect(
      Database,
      Effect.gen(function* () {
        const health = yield* Health
        const part = `the database of ${service}`
        const watch = yield* makeWatch(part)
        yield* health.require({
          name: "database writes",
          check: Effect.flatMap(
            watch.absence,
            (absence) => absence === undefined ? Effect.void : Effect.fail(wordsOf(absence)),
          ),
        })
        yield* Effect.forkScoped(watch.poll)
        return Database.of({ part, absence: watch.absence, ask: Effect.andThen(watch.look, watch.absence) })
      }),
    )
}

const makeWatch = Effect.fnUntraced(function* (part: string) {
  const sql = yield* PgClient.PgClient
  let current: Absence | undefined
  let isLogged = false

  // detached: a statement without an answer is interrupted only once the server confirms it
  const attempt = Effect.forkDetach(sql`select probe_database()`).pipe(
    Effect.flatMap(Fiber.join),
    Effect.as(undefined),
    Effect.timeoutOrElse({
      duration: DEADLINE_MS,
      orElse: () => Effect.succeed({ how: "timed_out" as const, detail: `no answer within ${DEADLINE_MS / 1000} s` }),
    }),
    // any other failure is a fault of the schema, which the check of its scripts names
    Effect.catch((error) => Effect.succeed(SqlError.isSqlError(error) ? faultOf(error) : undefined)),
  )

  const look = Effect.gen(function* () {
    const fault = yield* attempt
    const now = yield* Clock.currentTimeMillis
    const before = current
    current = fault === undefined ? undefined : { part, since: before?.since ?? now, ...fault }
    if (current === undefined && isLogged) {
      isLogged = false
      yield* Effect.logInfo(`${part} is back after ${lasted(now - before!.since)}`)
    } else if (current !== undefined && !isLogged && now - current.since >= UNLOGGED_MS) {
      isLogged = true
      yield* Effect.logWarning(`${part} is away: ${wordsOf(current)}`)
    }
  })

  return {
    look,
    absence: Effect.sync(() => current),
    poll: look.pipe(
      Effect.andThen(Effect.suspend(() => Effect.sleep(current === undefined ? pollHere : tryWrites))),
      Effect.forever,
    ),
  }
})
