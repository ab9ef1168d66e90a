/** What many ask at the same time is one statement (Gather.ts), and what fails of it is each one's own. */
import { gather } from "@stint/edge/Pg/Gather"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { SqlError } from "effect/sql"

interface Asked {
  readonly name: string
  readonly n: number
}

const ask = (one: string, n = 0): Asked => ({ name: one, n })
const nameOf = ({ name }: Asked) => name

/** A statement that stands still until it is let go, and how often it was sent, with what. */
const held = Effect.gen(function* () {
  const sent: Array<ReadonlyArray<string>> = []
  const go = yield* Deferred.make<void>()
  const asking = yield* gather({
    nameOf,
    ask: (all: ReadonlyArray<Asked>) => {
      sent.push(all.map(nameOf))
      return Effect.as(Deferred.await(go), all.map(({ name, n }) => `${name}${n}`))
    },
  })
  return { sent, go: Deferred.succeed(go, undefined), asking }
})

const fork = <A, E>(effects: ReadonlyArray<Effect.Effect<A, E>>) =>
  Effect.forEach(effects, (effect) => Effect.forkChild(effect, { startImmediately: true }))

/** Waits until so many statements were sent. */
const isSent = (sent: ReadonlyArray<unknown>, count: number) =>
  Effect.whileLoop({ while: () => sent.length < count, body: () => Effect.yieldNow, step() {} })

describe("gathered statements", () => {
  it.effect("who asks in one turn, or while two are under way, is asked for with the others, and gets its own answer", () =>
    Effect.gen(function* () {
      const { asking, go, sent } = yield* held
      const fibers = yield* fork(["a", "b"].map((name, n) => asking(ask(name, n))))
      assert.deepStrictEqual(sent, [])
      yield* isSent(sent, 1)
      fibers.push(...yield* fork([asking(ask("c", 2))]))
      yield* isSent(sent, 2)
      fibers.push(...yield* fork(["d", "e"].map((name, n) => asking(ask(name, n + 3)))))
      yield* go
      assert.deepStrictEqual(yield* Fiber.joinAll(fibers), ["a0", "b1", "c2", "d3", "e4"])
      assert.deepStrictEqual(sent, [["a", "b"], ["c"], ["d", "e"]])
    }))

  it.effect("two of one name are never in one statement", () =>
    Effect.gen(function* () {
      const { asking, go, sent } = yield* held
      const fibers = yield* fork(["a", "b", "c", "c", "d", "c"].map((name, n) => asking(ask(name, n))))
      yield* go
      assert.deepStrictEqual(yield* Fiber.joinAll(fibers), ["a0", "b1", "c2", "c3", "d4", "c5"])
      for (const names of sent) assert.lengthOf(new Set(names), names.length)
    }))

  it.effect("what is asked for goes on when its caller is interrupted", () =>
    Effect.gen(function* () {
      const { asking, go, sent } = yield* held
      const [first, second, third] = yield* fork(["a", "b", "c"].map((name) => asking(ask(name))))
      yield* isSent(sent, 1)
      yield* Fiber.interrupt(third!)
      yield* go
      yield* Fiber.joinAll([first!, second!])
      assert.strictEqual(yield* asking(ask("d", 1)), "d1")
      assert.include(sent.flat(), "c")
    }))

  const failing = Effect.fnUntraced(function* (error: Error) {
    const sent: Array<ReadonlyArray<string>> = []
    const asking = yield* gather({
      nameOf,
      ask: (all: ReadonlyArray<Asked>) => {
        sent.push(all.map(nameOf))
        const fails = Effect.andThen(Effect.yieldNow, Effect.die(error))
        return all.some(({ name }) => name === "bad") ? fails : Effect.as(Effect.yieldNow, all.map(({ name }) => name))
      },
    })
    const exits = yield* Effect.forEach(
      ["a", "b", "c", "bad", "d"],
      (name) => Effect.exit(asking(ask(name))),
      { concurrency: "unbounded" },
    )
    return { sent, ended: exits.map((exit) => Exit.isSuccess(exit) ? exit.value : "failed") }
  })

  it.effect("a failure of many is asked again for each alone, and stays with whom it is about", () =>
    Effect.gen(function* () {
      const { ended, sent } = yield* failing(new Error("a value that can't be stored"))
      assert.deepStrictEqual(ended, ["a", "b", "c", "failed", "d"])
      assert.deepStrictEqual(sent, [["a", "b", "c", "bad", "d"], ["a"], ["b"], ["c"], ["bad"], ["d"]])
    }))

  it.effect("a database that is away is asked once", () =>
    Effect.gen(function* () {
      const reason = new SqlError.ConnectionError({
        cause: new Error("refused"),
        message: "refused",
        operation: "query",
      })
      const { ended, sent } = yield* failing(new SqlError.SqlError({ reason }))
      assert.deepStrictEqual(ended, Array(5).fill("failed"))
      assert.deepStrictEqual(sent, [["a", "b", "c", "bad", "d"]])
    }))
})
