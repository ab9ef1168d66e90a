/** What a service knows of those that it needs: from calls, and from their `/readyz`. */
import { assert, it } from "@effect/vitest"
import type { Absence } from "@stint/edge/Absence"
import { Health } from "@stint/edge/Health"
import { StateMetrics } from "@stint/edge/Metrics"
import { Neighbours } from "@stint/edge/Neighbours"
import { PortCheck } from "@stint/edge/PortCheck"
import { Clock, ConfigProvider, Context, Effect, Layer } from "effect"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { type MovableClock, movableClock } from "../../../tests/support/MovableClock.ts"

/** A service that answers `/readyz` with this, or not at all. */
type Answer = { readonly status: number; readonly body?: unknown } | "nothing"

const listen = (server: Server, port = 0) =>
  new Promise<number>((done) => server.listen(port, "127.0.0.1", () => done((server.address() as AddressInfo).port)))

/** The deadline of a question passes while it is not answered. */
const played = async (clock: MovableClock) => {
  let answer: Answer = { status: 200, body: { status: "ready", checks: {} } }
  const server = createServer((_, response) => {
    if (answer === "nothing") return clock.advance("3 seconds")
    response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body ?? {}))
  })
  const port = await listen(server)
  return {
    port,
    answer: (next: Answer) => void (answer = next),
    stop: () =>
      new Promise<unknown>((done) => {
        server.close(done)
        server.closeAllConnections()
      }),
    again: () => listen(server, port),
  }
}

/**
 * Watches a played deliverables, which the service needs, and a played hiring; the test asks when it likes to, by a clock
 * that does not wait.
 */
const watching = <A, E>(
  use: (means: {
    readonly service: Awaited<ReturnType<typeof played>>
    readonly hiring: Awaited<ReturnType<typeof played>>
    readonly neighbours: Neighbours["Service"]
    readonly health: Health["Service"]
    /** Waits until so many are away, as it takes some seconds to be said. */
    readonly away: (count: number) => Effect.Effect<ReadonlyArray<Absence>>
  }) => Effect.Effect<A, E>,
) =>
  Effect.suspend(() => {
    const clock = movableClock()
    return Effect.gen(function* () {
      const service = yield* Effect.acquireRelease(
        Effect.promise(() => played(clock)),
        ({ stop }) => Effect.promise(stop),
      )
      const hiring = yield* Effect.acquireRelease(
        Effect.promise(() => played(clock)),
        ({ stop }) => Effect.promise(stop),
      )
      const health = Health.make()
      const context = yield* Layer.build(
        Neighbours.layer("scheduler", ["deliverables", "hiring"], ["deliverables"]).pipe(
          Layer.provide([
            Layer.succeed(Health, health),
            Layer.succeed(StateMetrics, StateMetrics.make()),
            Layer.succeed(PortCheck, { check: () => Effect.void, reach: () => Effect.succeed("127.0.0.1") }),
            ConfigProvider.layer(
              ConfigProvider.fromEnvRecord({
                DELIVERABLES_URL: `http://127.0.0.1:${service.port}`,
                HIRING_URL: `http://127.0.0.1:${hiring.port}`,
              }),
            ),
          ]),
        ),
      )
      const neighbours = Context.get(context, Neighbours)
      const away = (count: number) =>
        Effect.suspend(() => {
          clock.advance("200 millis")
          return neighbours.away
        }).pipe(Effect.delay(20), Effect.repeat({ until: (all: ReadonlyArray<Absence>) => all.length === count }))
      return yield* use({ service, hiring, health, neighbours, away })
    }).pipe(Effect.scoped, Effect.provideService(Clock.Clock, clock.clock))
  })

it.live("C2: a service that is stopped is away, refused, and not needed any longer than it is", () =>
  watching(({ away, health, neighbours, service }) =>
    Effect.gen(function* () {
      assert.isUndefined(yield* neighbours.ask("deliverables"))
      yield* Effect.promise(service.stop)
      assert.strictEqual((yield* neighbours.ask("deliverables"))?.how, "refused")
      const [absence] = yield* away(1)
      assert.strictEqual(absence!.part, "deliverables")
      const report = yield* health.report
      assert.isFalse(report.ready)
      assert.isTrue(report.itself, "another is to blame")
      assert.match(report.checks["deliverables"]!, /^away since \d{4}-.*: it can't be reached: /)
      yield* Effect.promise(service.again)
      yield* away(0)
      assert.isTrue((yield* health.report).ready)
    })
  ))

it.live("C2: one that is frozen is away within the deadline of one question", () =>
  watching(({ neighbours, service }) =>
    Effect.gen(function* () {
      service.answer("nothing")
      assert.strictEqual((yield* neighbours.ask("deliverables"))?.how, "timed_out")
      service.answer({ status: 200, body: { status: "ready", checks: {} } })
      assert.isUndefined(yield* neighbours.ask("deliverables"))
    })
  ))

it.live("C2: one that says that it is not ready is away, and which part of it is named", () =>
  watching(({ neighbours, service }) =>
    Effect.gen(function* () {
      const checks = { database: "ok", "database writes": "it is read-only" }
      service.answer({ status: 503, body: { status: "not_ready", itself: "not_ready", checks } })
      const fault = yield* neighbours.ask("deliverables")
      assert.deepStrictEqual(fault, { how: "unavailable", detail: "database writes: it is read-only" })
    })
  ))

it.live("C2: one that waits for another is here, and the other is away by its word, but not by a rumour", () =>
  watching(({ neighbours, service }) =>
    Effect.gen(function* () {
      const since = new Date(Date.now() - 60_000).toISOString()
      const away = [
        { part: "catalog", how: "refused", since, detail: "no" },
        { part: "hiring", how: "refused", since, detail: "no", seen_by: "catalog" },
        { part: "scheduler", how: "refused", since, detail: "no" },
      ]
      service.answer({
        status: 503,
        body: { status: "not_ready", itself: "ready", checks: { catalog: "away" }, away },
      })
      assert.isUndefined(yield* neighbours.ask("deliverables"))
      assert.deepStrictEqual(
        (yield* neighbours.away).map(({ part, seen_by }) => [part, seen_by]),
        [["catalog", "deliverables"]],
      )
    })
  ))

it.live("C2: a refused token makes it away although it says that it is ready, until a call is taken", () =>
  watching(({ away, neighbours }) =>
    Effect.gen(function* () {
      yield* neighbours.failed("deliverables", { how: "token_refused", detail: "it answered 401" })
      yield* neighbours.ask("deliverables")
      const [absence] = yield* away(1)
      assert.strictEqual(absence!.how, "token_refused")
      yield* neighbours.answered("deliverables")
      assert.deepStrictEqual(yield* neighbours.away, [])
    })
  ))

const saysAway = (part: string) => ({
  status: 200,
  body: {
    status: "ready",
    itself: "ready",
    checks: {},
    away: [{ part, how: "refused", since: new Date(Date.now() - 60_000).toISOString(), detail: "no" }],
  },
})

it.live(
  "C2: one that fails calls for want of another is away because of it, and so until it was called again",
  () =>
    watching(({ away, hiring, neighbours, service }) =>
      Effect.gen(function* () {
        const unavailable = { how: "unavailable", detail: "it answered 503" } as const
        const why = Effect.map(
          away(2),
          (all) => Object.fromEntries(all.map(({ because, part }) => [part, because])),
        )
        yield* Effect.promise(hiring.stop)
        yield* neighbours.ask("hiring")
        yield* neighbours.failed("deliverables", unavailable)
        yield* neighbours.ask("deliverables")
        assert.deepStrictEqual(yield* why, { deliverables: undefined, hiring: undefined })
        service.answer(saysAway("hiring"))
        yield* neighbours.ask("deliverables")
        assert.deepStrictEqual(yield* why, { deliverables: "hiring", hiring: undefined })
        // hiring is back, and no run has come to deliverables yet
        service.answer({ status: 200, body: { status: "ready", checks: {} } })
        yield* Effect.promise(hiring.again)
        assert.isUndefined(yield* neighbours.ask("hiring"))
        yield* neighbours.ask("deliverables")
        const [left] = yield* away(1)
        assert.deepInclude(left, { part: "deliverables", because: "hiring" })
        // what it says of itself is no consequence
        service.answer({ status: 503, body: { status: "not_ready", itself: "not_ready", checks: { database: "no" } } })
        yield* neighbours.ask("deliverables")
        assert.isUndefined((yield* neighbours.away)[0]!.because)
      })
    ),
)

it.live("C2: one that is here and away for another is disputed, until it is away from here or the other finds it again", () =>
  watching(({ hiring, neighbours, service }) =>
    Effect.gen(function* () {
      service.answer(saysAway("hiring"))
      yield* neighbours.ask("hiring")
      yield* neighbours.ask("deliverables")
      const [first] = yield* neighbours.disputed
      assert.deepInclude(first, { part: "hiring", seen_by: "deliverables" })
      assert.deepStrictEqual(yield* neighbours.away, [])
      assert.strictEqual((yield* neighbours.disputed)[0]!.since, first!.since, "since it was noticed")
      service.answer({ status: 200, body: { status: "ready", checks: {} } })
      yield* neighbours.ask("deliverables")
      assert.deepStrictEqual(yield* neighbours.disputed, [])
      service.answer(saysAway("hiring"))
      yield* neighbours.ask("deliverables")
      yield* Effect.promise(hiring.stop)
      yield* neighbours.ask("hiring")
      assert.deepStrictEqual(yield* neighbours.disputed, [])
    })
  ))
