/** The Postgres client on a server that stops answering: nothing waits for it without end. */
import { PgClient } from "@effect/sql-pg"
import { isSqlUnavailable } from "@stint/edge/Pg"
import * as Client from "@stint/edge/Pg/Client"
import { connectionOf } from "@stint/edge/Pg/Connection"
import { pipelined } from "@stint/edge/Pg/Pipeline"
import * as Metrics from "@stint/edge/Metrics"
import * as Watch from "@stint/edge/Watchdog"
import { assert, layer } from "@effect/vitest"
import { Cause, Context, Deferred, Effect, Exit, Fiber, Layer, Redacted } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { connect, createServer, type Socket } from "node:net"
import { cloneDatabase } from "../../../tests/support/Database.ts"

/**
 * Short, so that the test need not wait long; every wait below is for what follows from them. What is to be answered may take
 * longer on a busy machine, and is asked for again.
 */
const deadlines = { checkoutMs: 300, answerMs: 300 }

/** The wire between a client and its database: frozen, it holds back what the server says. */
class Wire extends Context.Service<Wire, {
  /** Holds back what the server says, from its next word on. */
  freeze(): void
  /** Lets through what was held back. */
  thaw(): void
  readonly url: Redacted.Redacted
}>()("test/Wire") {
  static readonly layer = Layer.effect(
    Wire,
    Effect.gen(function* () {
      const url = new URL(Redacted.value((yield* cloneDatabase("catalog")).databaseUrl))
      const target = { host: url.hostname, port: Number(url.port) }
      const sockets = new Set<Socket>()
      let frozen = false
      const servers = new Set<Socket>()
      const server = createServer((client) => {
        const upstream = connect(target)
        servers.add(upstream)
        for (const [one, other] of [[client, upstream], [upstream, client]] as const) {
          sockets.add(one)
          one.on("data", (chunk) => other.write(chunk))
          one.on("error", () => other.destroy())
          one.on("close", () => other.destroy())
        }
        if (frozen) upstream.pause()
      })
      yield* Effect.acquireRelease(
        Effect.promise(() => new Promise<void>((done) => server.listen(0, "127.0.0.1", done))),
        () =>
          Effect.promise(() => {
            for (const socket of sockets) socket.destroy()
            return new Promise<unknown>((done) => server.close(done))
          }),
      )
      url.hostname = "127.0.0.1"
      url.port = String((server.address() as { port: number }).port)
      return {
        freeze: () => {
          frozen = true
          for (const socket of servers) socket.pause()
        },
        thaw: () => {
          frozen = false
          for (const socket of servers) socket.resume()
        },
        url: Redacted.make(String(url)),
      }
    }),
  )
}

/** A client over the wire, with so many connections. */
const clientOf = (maxConnections: number, own: Partial<typeof deadlines> = {}) =>
  Effect.gen(function* () {
    const { url } = yield* Wire
    return yield* Client.make({ ...connectionOf(url), maxConnections }, { ...deadlines, ...own })
  }).pipe(Effect.provide(Reactivity.layer))

/** Asks again until it is answered in time. */
const insist = Effect.retry({ while: isSqlUnavailable })

/** What a failure or defect of the client is. */
const away = (exit: Exit.Exit<unknown, unknown>) => Exit.isFailure(exit) && isSqlUnavailable(Cause.squash(exit.cause))

/** Freezes the wire while an effect runs; afterwards the client must work again. */
const whileFrozen = <A, E, R>(sql: PgClient.PgClient, use: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const wire = yield* Wire
    yield* insist(sql`select 1`)
    wire.freeze()
    const result = yield* Effect.ensuring(use, Effect.sync(() => wire.thaw()))
    yield* insist(sql`select 1`)
    return result
  })

/** A watch of its own: the process has one that other tests may have something late in. */
const watch = Watch.layer.pipe(Layer.provide(Layer.sync(Metrics.StateMetrics, Metrics.StateMetrics.make)))

layer(Layer.merge(Wire.layer, watch), { excludeTestServices: true })("on a server that stopped answering", (it) => {
  it.effect("a statement fails as unavailable, and is stalled until its connection is closed", () =>
    Effect.scoped(Effect.gen(function* () {
      const sql = yield* clientOf(1)
      const watch = yield* Watch.Watchdog
      const stalled = Effect.sync(() => watch.stalled().get("database") ?? 0)
      const [exit, during] = yield* whileFrozen(sql, Effect.all([Effect.exit(sql`select 2`), stalled]))
      assert.isTrue(away(exit))
      assert.strictEqual(during, 1)
      yield* Effect.repeat(stalled, { until: (count) => count === 0 })
    })))

  it.effect("reads that share a session fail as well, each by its deadline, and its end is nobody's after that", () =>
    Effect.scoped(Effect.gen(function* () {
      const sql = yield* clientOf(4)
      const watch = yield* Watch.Watchdog
      const both = Effect.all([Effect.exit(sql`select 2`), Effect.exit(sql`select 3`)], { concurrency: "unbounded" })
      const exits = yield* whileFrozen(sql, Effect.andThen(pipelined(both), pipelined(both)))
      assert.deepStrictEqual(exits.map(away), [true, true])
      assert.deepStrictEqual(yield* insist(pipelined(sql`select 4 as n`)), [{ n: 4 }])
      yield* Effect.repeat(Effect.sync(() => watch.stalled().get("database") ?? 0), { until: (count) => count === 0 })
    })))

  it.effect("a begin fails, where no interruption reaches", () =>
    Effect.scoped(Effect.gen(function* () {
      const sql = yield* clientOf(1)
      const exit = yield* whileFrozen(sql, Effect.exit(Effect.uninterruptible(sql.withTransaction(sql`select 2`))))
      assert.isTrue(away(exit))
    })))

  it.effect("a commit fails: whether it arrived is not known", () =>
    Effect.scoped(Effect.gen(function* () {
      const sql = yield* clientOf(1)
      const wire = yield* Wire
      yield* insist(sql`select 1`)
      const exit = yield* Effect.exit(
        sql.withTransaction(Effect.andThen(sql`select 2`, Effect.sync(() => wire.freeze()))),
      )
      wire.thaw()
      assert.isTrue(away(exit))
      yield* insist(sql`select 1`)
    })))

  it.effect("who waits for a connection fails as well, and what holds it is not disturbed", () =>
    Effect.scoped(Effect.gen(function* () {
      const sql = yield* clientOf(1, { answerMs: 60_000 })
      yield* insist(sql`select 1`)
      const held = yield* Deferred.make<void>()
      const enough = yield* Deferred.make<void>()
      const holder = yield* Effect.forkChild(sql.withTransaction(
        Effect.andThen(Deferred.succeed(held, undefined), Effect.andThen(Deferred.await(enough), sql`select 4`)),
      ))
      yield* Deferred.await(held)
      const others = [sql`select 2`, sql.withTransaction(sql`select 3`)]
      const exits = yield* Effect.forEach(others, Effect.exit, { concurrency: "unbounded" })
      yield* Deferred.succeed(enough, undefined)
      yield* Fiber.join(holder)
      assert.isTrue(exits.every(away))
    })))

  it.effect("a new connection fails", () =>
    Effect.scoped(Effect.gen(function* () {
      const wire = yield* Wire
      const sql = yield* clientOf(1)
      wire.freeze()
      const exit = yield* Effect.ensuring(Effect.exit(sql`select 2`), Effect.sync(() => wire.thaw()))
      assert.isTrue(away(exit))
    })))

  it.effect("a listener ends when it is told to", () =>
    Effect.scoped(Effect.gen(function* () {
      const sql = yield* clientOf(2)
      yield* whileFrozen(
        sql,
        Effect.scoped(Effect.gen(function* () {
          const wire = yield* Wire
          wire.thaw()
          yield* insist(sql.listen("a_channel"))
          wire.freeze()
        })),
      )
    })))
})
