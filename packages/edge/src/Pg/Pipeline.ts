/**
 * Sessions that the statements of many fibers share: what is asked at one moment is sent in one write, and a read brings the
 * answers of many. A session answers one statement after another, so this is for short reads by a key, outside of
 * transactions, that wait for no lock (`pipelined`). A statement that is past its deadline takes its session along; the
 * others in it are asked again in a new one, as are those of a session that broke: a read may be made twice.
 */
import { type PgClient, PgConnection } from "@effect/sql-pg"
import { Context, Deferred, Duration, Effect, Exit, Scope, Stream } from "effect"
import type { SqlConnection, SqlError } from "effect/sql"
import type { Ages } from "./Ages.ts"
import { bounded, type Deadlines, lateError, WAITS, type Watch, WHAT } from "./Deadline.ts"
import { isUnreadable, sqlState } from "./SqlErrors.ts"

/** Whether the statements of a fiber may share a session. */
export const Pipelined = Context.Reference<boolean>("stint/Pipelined", { defaultValue: () => false })

/** Lets the statements of an effect share a session with others, unless they are in a transaction. */
export const pipelined = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(self, Pipelined, true)

/** How many statements are under way in a session before another one opens. */
const DEPTH = 16

/** How many of a client's connections are shared. A small pool has none: a listener and transactions need what it has. */
export const sessionsOf = (maxConnections: number): number => maxConnections < 4 ? 0 : maxConnections < 8 ? 1 : 2

/** A session that is open. */
interface Shared {
  readonly connection: PgConnection.PgConnection
  readonly scope: Scope.Closeable
  /** When it is too old, by the monotonic clock. */
  readonly until: number
  /** How many statements are under way in it. */
  users: number
  /** No other statement comes; it closes once it has no users. */
  isLeft: boolean
}

/** A place for one session. */
interface Place {
  /** How many statements are under way or wait for the session. */
  busy: number
  session: Shared | undefined
  opening: Deferred.Deferred<Shared, SqlError.SqlError> | undefined
}

const close = ({ scope }: Shared) => void Effect.runFork(Scope.close(scope, Exit.void))

const leave = (place: Place, session: Shared) => {
  session.isLeft = true
  if (place.session === session) place.session = undefined
  if (session.users === 0) close(session)
}

/** Whether an error is the session's, not the statement's. */
const isBroken = (error: SqlError.SqlError): boolean =>
  (error.reason._tag === "ConnectionError" || /^(08|57P)/.test(sqlState(error) ?? "")) && !isUnreadable(error)

interface Options {
  readonly config: PgClient.PgPoolConfig
  /** How many sessions there are at most. */
  readonly sessions: number
  readonly deadlines: Deadlines
  readonly watch: Watch
  readonly ages: Ages
}

/** A connection for pipelined statements, which opens its sessions when they are needed; undefined when it may have none. */
export const make = Effect.fnUntraced(function* ({ ages, config, deadlines, sessions, watch }: Options) {
  if (sessions === 0) return undefined
  const context = yield* Effect.context<Scope.Scope>()
  const places = Array.from({ length: sessions }, (): Place => ({ busy: 0, session: undefined, opening: undefined }))
  const ttl = Duration.toMillis(config.connectionTTL ?? Duration.infinity)

  const open = Effect.gen(function* () {
    const scope = yield* Scope.fork(yield* Scope.Scope)
    const connection = yield* PgConnection.make({ ...config, multiplex: true }).pipe(
      Scope.provide(scope),
      Effect.onError(() => Scope.close(scope, Exit.void)),
    )
    ages.isStale(connection)
    const shared: Shared = { connection, scope, until: performance.now() + ttl, users: 0, isLeft: false }
    return shared
  })

  /** The session of a place once it is open. It is opened by a fiber of its own: who waits for it may be interrupted. */
  const opened = (place: Place) => {
    if (place.opening === undefined) {
      const opening = place.opening = Deferred.makeUnsafe<Shared, SqlError.SqlError>()
      Effect.runForkWith(context)(Effect.onExit(open, (exit) =>
        Effect.sync(() => {
          place.opening = undefined
          if (Exit.isSuccess(exit)) place.session = exit.value
          Deferred.doneUnsafe(opening, exit)
        })))
    }
    const { opening } = place
    return bounded(watch, WAITS, deadlines.checkoutMs, () => Deferred.await(opening))
  }

  const usable = (place: Place): Shared | undefined => {
    const { session } = place
    if (session === undefined) return undefined
    if (performance.now() < session.until && !ages.isStale(session.connection)) return session
    leave(place, session)
  }

  const placeFor = (): Place =>
    places.find(({ busy }) => busy < DEPTH) ?? places.reduce((least, place) => place.busy < least.busy ? place : least)

  const run = <A>(
    sql: string,
    ask: (connection: PgConnection.PgConnection) => Effect.Effect<A, SqlError.SqlError>,
    isAgain = false,
  ): Effect.Effect<A, SqlError.SqlError> =>
    Effect.withFiber(({ context }) => {
      const place = placeFor()
      const on = (session: Shared) => {
        session.users++
        const onLate = () => {
          leave(place, session)
          close(session)
        }
        const work = watch.begin({ what: WHAT, step: sql, deadlineMs: deadlines.answerMs, context, onLate })
        return ask(session.connection).pipe(
          Effect.onExit(() =>
            Effect.sync(() => {
              watch.end(work)
              session.users--
              if (session.isLeft && session.users === 0) close(session)
            })
          ),
          Effect.catch((error) => {
            ages.failed(session.connection, error)
            if (work.isLate) return Effect.fail(lateError(work))
            if (!isBroken(error)) return Effect.fail(error)
            leave(place, session)
            return isAgain ? Effect.fail(error) : run(sql, ask, true)
          }),
        )
      }
      place.busy++
      const session = usable(place)
      return Effect.onExit(
        session === undefined ? Effect.flatMap(opened(place), on) : on(session),
        () => Effect.sync(() => void place.busy--),
      )
    })

  const rows = (prepare: boolean): SqlConnection.Connection["execute"] => (sql, params, transform) =>
    Effect.map(
      run(sql, (connection) => connection.query(sql, params, prepare)),
      ({ rows }) => transform === undefined ? rows : transform(rows),
    )
  const connection: SqlConnection.Connection = {
    execute: rows(true),
    executeUnprepared: rows(false),
    executeRaw: (sql, params) => run(sql, (connection) => connection.query(sql, params)),
    executeValues: (sql, params) => run(sql, (connection) => connection.queryValues(sql, params)),
    executeValuesUnprepared: (sql, params) => run(sql, (connection) => connection.queryValues(sql, params, false)),
    executeStream: () => Stream.die(new Error("a stream has a session of its own")),
  }
  return connection
})
