/** Work that outlasts its deadline is said and counted. */
import { StateMetrics } from "@stint/edge/Metrics"
import * as Watchdog from "@stint/edge/Watchdog"
import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Logger } from "effect"

/** A watch with its metrics, and the lines that it logs. */
const said = () => {
  const lines: Array<string> = []
  const services = Layer.mergeAll(
    Watchdog.layer.pipe(Layer.provideMerge(Layer.sync(StateMetrics, StateMetrics.make))),
    Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))]),
  )
  return { lines, services }
}

/** The values of `stint_stalled` by their label. */
const stalled = Effect.map(Watchdog.Watchdog, (watch) => Object.fromEntries(watch.stalled()))

/** Waits until the watch counts that. */
const counts = (what: string, count: number) => Effect.repeat(stalled, { until: (now) => now[what] === count })

it.live("the first late work of a name is said with its step, and so is the end of the last", () => {
  const { lines, services } = said()
  return Effect.gen(function* () {
    const end = yield* Deferred.make<void>()
    const work = Watchdog.guard("the work", "20 millis")(
      Effect.andThen(Watchdog.step("waits\n  for the end"), Deferred.await(end)),
    )
    const both = yield* Effect.forkChild(Effect.all([work, work], { concurrency: 2 }))
    yield* counts("the work", 2)
    const watch = yield* Watchdog.Watchdog
    assert.deepStrictEqual(watch.steps("the work"), Array(2).fill("waits\n  for the end"))
    assert.deepStrictEqual(watch.steps("other work"), [])
    assert.lengthOf(lines, 1)
    assert.match(lines[0]!, /^the work has taken \S+ s, past its deadline of 0 s; since 20\S+Z, at: waits for the end$/)
    yield* Deferred.succeed(end, undefined)
    yield* Fiber.join(both)
    assert.deepStrictEqual(yield* stalled, { "the work": 0 })
    assert.lengthOf(lines, 2)
    assert.match(lines[1]!, /^the work ended after \S+ s, at: waits for the end$/)
  }).pipe(Effect.provide(services))
})

it.live("the gauge counts what is late now", () =>
  Effect.gen(function* () {
    const end = yield* Deferred.make<void>()
    const fiber = yield* Effect.forkChild(Watchdog.guard("another", "1 millis")(Deferred.await(end)))
    yield* counts("another", 1)
    const state = yield* StateMetrics
    const [gauge] = (yield* state.read).filter(({ name }) => name === "stalled")
    assert.deepInclude(gauge, { name: "stalled", labels: { what: "another" }, value: 1 })
    yield* Deferred.succeed(end, undefined)
    yield* Fiber.join(fiber)
  }).pipe(Effect.provide(said().services)))

it.live("work within its deadline changes nothing: its result, its error and its interruption are its own", () =>
  Effect.gen(function* () {
    const guarded = Watchdog.guard("quick", "1 minute")
    assert.strictEqual(yield* guarded(Effect.succeed(1)), 1)
    assert.strictEqual(yield* Effect.flip(guarded(Effect.fail("no"))), "no")
    const fiber = yield* Effect.forkChild(guarded(Effect.never))
    yield* Fiber.interrupt(fiber)
    assert.deepStrictEqual(yield* stalled, {})
  }).pipe(Effect.provide(said().services)))
