/**
 * A Postgres client that waits for nothing without end. The library's client has no deadline for an answer, and begins,
 * commits and rolls back where no interruption reaches, so a server that is frozen or cut off would hold a fiber for
 * ever. Here every checkout and every statement runs in a fiber of its own: past its deadline the caller gets a
 * ConnectionError at once, and the fiber is interrupted, which closes the connection unless the server confirms the
 * cancellation within 5 seconds. A session that turns out to be read-only is dropped, and so are all that are as old: after a
 * failover, or while a role is read-only, each would stay so for as long as it lives.
 */
import { PgClient, type PgConnection, PgPool } from "@effect/sql-pg"
import { Effect, Exit, Predicate, Scope } from "effect"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"
import { Watchdog } from "../Watchdog.ts"
import { Ages } from "./Ages.ts"
import { bounded, type Deadlines, lateError, WAITS, type Watch, WHAT } from "./Deadline.ts"
import * as Pipeline from "./Pipeline.ts"
import { Ramp } from "./Ramp.ts"

/** Runs a statement under its deadline. */
type Run = <A>(sql: string, statement: Effect.Effect<A, SqlError.SqlError>) => Effect.Effect<A, SqlError.SqlError>

type Params = ReadonlyArray<unknown>
type Transform = (<A extends object>(rows: ReadonlyArray<A>) => ReadonlyArray<A>) | undefined

/** A session of the pool, as the statements of `effect/sql` use it. */
class Session implements SqlConnection.Connection {
  readonly session: PgConnection.PgConnection
  readonly run: Run

  constructor(session: PgConnection.PgConnection, run: Run) {
    this.session = session
    this.run = run
  }

  private rows(sql: string, params: Params, transform: Transform, prepare: boolean) {
    return Effect.map(
      this.run(sql, this.session.query(sql, params, prepare)),
      ({ rows }) => transform === undefined ? rows : transform(rows),
    )
  }

  execute(sql: string, params: Params, transform: Transform) {
    return this.rows(sql, params, transform, true)
  }

  executeUnprepared(sql: string, params: Params, transform: Transform) {
    return this.rows(sql, params, transform, false)
  }

  executeRaw(sql: string, params: Params) {
    return this.run(sql, this.session.query(sql, params))
  }

  executeValues(sql: string, params: Params) {
    return this.run(sql, this.session.queryValues(sql, params))
  }

  executeValuesUnprepared(sql: string, params: Params) {
    return this.run(sql, this.session.queryValues(sql, params, false))
  }

  /** Without a deadline: the pace of a stream is its reader's. */
  executeStream(sql: string, params: Params) {
    return this.session.stream(sql, params)
  }
}

/** Postgres answers the COMMIT of an aborted transaction with ROLLBACK, and no error. */
const commit = (session: SqlConnection.Connection) =>
  Effect.flatMap(
    session.executeRaw("COMMIT", []),
    (result) =>
      Predicate.hasProperty(result, "command") && result.command === "ROLLBACK"
        ? Effect.fail(
          new SqlError.SqlError({
            reason: new SqlError.UnknownError({
              cause: new Error("the transaction was aborted"),
              message: "COMMIT rolled back an aborted transaction",
              operation: "commit",
            }),
          }),
        )
        : Effect.void,
  )

/** The library's own kind of fragment, which its compiler reads. */
const json = Statement.custom<Statement.Custom<"PgJson", unknown>>("PgJson")

/** A session of the pool that is not stale, until the scope closes; the stale ones are closed. */
const getFresh = (
  pool: PgPool.PgPool,
  ages: Ages,
): Effect.Effect<PgConnection.PgConnection, SqlError.SqlError, Scope.Scope> =>
  Effect.flatMap(
    Scope.make(),
    (lease) =>
      Effect.flatMap(Scope.provide(pool.get, lease), (session) =>
        ages.isStale(session)
          ? Effect.andThen(
            Effect.andThen(Scope.close(lease, Exit.void), pool.invalidate(session)),
            getFresh(pool, ages),
          )
          : Effect.as(
            Effect.addFinalizer((exit) => Scope.close(lease, exit)),
            session,
          )).pipe(
          Effect.onError(() => Scope.close(lease, Exit.void)),
        ),
  )

/** Stands for what a stale session would have given. */
const STALE = Symbol("stale")

/**
 * A session for several statements. It is pinned: giving the pin back during a statement closes the session, which ends
 * the statement also where no interruption reaches.
 */
const reserve = (watch: Watch, pool: PgPool.PgPool, ages: Ages, answerMs: number) =>
  Effect.gen(function* () {
    const session = yield* getFresh(pool, ages)
    const pin = yield* Scope.make()
    yield* Effect.addFinalizer((exit) => Scope.close(pin, exit))
    const pinned = yield* Scope.provide(session.pin, pin)
    const run: Run = (sql, statement) =>
      Effect.withFiber(({ context }) => {
        const onLate = () => void Effect.runFork(Scope.close(pin, Exit.void))
        const work = watch.begin({ what: WHAT, step: sql, deadlineMs: answerMs, context, onLate })
        return statement.pipe(
          Effect.catch((error) => {
            ages.failed(session, error)
            return Effect.fail(work.isLate ? lateError(work) : error)
          }),
          Effect.onExit(() => Effect.sync(() => watch.end(work))),
        )
      })
    return new Session(pinned, run)
  })

/** A pooled client. Connections open when they are needed; some of `maxConnections` are for pipelined statements. */
export const make = Effect.fnUntraced(function* (config: PgClient.PgPoolConfig, deadlines: Deadlines) {
  const { answerMs, checkoutMs } = deadlines
  const watch = yield* Watchdog
  const ages = new Ages()
  const { maxConnections = 10 } = config
  const shared = Pipeline.sessionsOf(maxConnections)
  const pool = yield* PgPool.make({ ...config, maxConnections: maxConnections - shared })
  const ramp = new Ramp(maxConnections - shared)
  yield* Effect.addFinalizer(() => Effect.sync(() => ramp.lift()))
  const pipeline = yield* Pipeline.make({ config, sessions: shared, deadlines, watch, ages })

  const checkout = <A, R>(acquire: Effect.Effect<A, SqlError.SqlError, R>) =>
    bounded(watch, WAITS, checkoutMs, () => acquire)

  const lend = <A, E, R>(
    use: (session: Session) => Effect.Effect<A, E, R>,
    run: Run,
  ): Effect.Effect<A, E | SqlError.SqlError, R> => {
    let stale: PgConnection.PgConnection | undefined
    return pool.use((session): Effect.Effect<A | typeof STALE, E | SqlError.SqlError, R> => {
      if (ages.isStale(session)) {
        stale = session
        return Effect.succeed(STALE)
      }
      const watched: Run = (sql, statement) =>
        Effect.tapError(run(sql, statement), (error) => Effect.sync(() => ages.failed(session, error)))
      return use(new Session(session, watched))
    }).pipe(
      Effect.flatMap((result) =>
        result === STALE ? Effect.andThen(pool.invalidate(stale!), lend(use, run)) : Effect.succeed(result)
      ),
    )
  }

  // one fiber for both: it waits for the connection, then for the answer
  const borrow: SqlConnection.Borrower = (use) =>
    bounded(watch, WAITS, checkoutMs, (work) => {
      const run: Run = (sql, statement) =>
        Effect.suspend(() => {
          watch.restart(work, sql, answerMs)
          return statement
        })
      return ramp.within(lend(use, run))
    })

  const borrower: SqlConnection.Borrower = pipeline === undefined
    ? borrow
    : (use) => Effect.withFiber((fiber) => fiber.getRef(Pipeline.Pipelined) ? use(pipeline) : borrow(use))

  const reserved = checkout(Effect.andThen(ramp.scoped, reserve(watch, pool, ages, answerMs)))

  const listen = Effect.fnUntraced(function* (channel: string) {
    const scope = yield* Scope.make()
    const answered = <A, E, R>(sql: string, self: Effect.Effect<A, E, R>) => bounded(watch, sql, answerMs, () => self)
    // UNLISTEN waits for an answer as well
    yield* Effect.addFinalizer((exit) => Effect.ignore(answered(`UNLISTEN ${channel}`, Scope.close(scope, exit))))
    const session = yield* Scope.provide(checkout(pool.reserve), scope)
    return yield* answered(`LISTEN ${channel}`, Scope.provide(session.listen(channel), scope))
  })

  const client = yield* SqlClient.make({
    acquirer: reserved,
    borrower,
    compiler: PgClient.makeCompiler(),
    driver: "pg",
    prepareTransactionControls: true,
    commit,
    releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
    spanAttributes: [
      ["db.system.name", "postgresql"],
      ["db.namespace", config.database ?? config.username ?? "postgres"],
      ["server.address", config.host ?? "localhost"],
      ["server.port", config.port ?? 5432],
    ],
  })
  return Object.assign(client, {
    [PgClient.TypeId]: PgClient.TypeId,
    config,
    json: (value: unknown) => Statement.fragment([json(value, undefined, undefined)]),
    listen,
    notify: (channel: string, payload: string) =>
      Effect.asVoid(borrower((session) => session.execute("select pg_notify($1, $2)", [channel, payload], undefined))),
  })
})
