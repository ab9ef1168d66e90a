/** The journal as a target: deliveries at the same time share a write, and what was given up is not written late. */
import { assert, describe, it } from "@effect/vitest"
import { Files } from "@stint/edge/Files"
import { ConfigProvider, DateTime, Deferred, Effect, Fiber } from "effect"
import { makeJournal } from "../src/Executions/Journal.ts"
import type { Delivery } from "../src/Executions/Target.ts"

const deliveryOf = (delivery_id: string) =>
  ({
    delivery_id,
    deliverable_id: `DEL-${delivery_id}`,
    approval_id: null,
    content_sha256: "0",
    body: `{"of":"${delivery_id}"}`,
    created_at: DateTime.makeUnsafe(0),
  }) as unknown as Delivery

/** A journal in memory whose writes stand still until they are let go; what each write appended. */
const held = Effect.gen(function* () {
  const go = yield* Deferred.make<void>()
  const writes: Array<ReadonlyArray<string>> = []
  let text = ""
  const files = Files.of({
    read: () => Effect.die("not asked"),
    readFrom: (_, offset, most) => Effect.sync(() => new TextEncoder().encode(text).slice(offset, offset + most)),
    appendLine: (_, lines) =>
      Effect.suspend(() => {
        writes.push(lines.split("\n").map((line) => JSON.parse(line).delivery_id))
        return Effect.andThen(Deferred.await(go), Effect.sync(() => void (text += `${lines}\n`)))
      }),
  })
  const journal = yield* makeJournal.pipe(
    Effect.provideService(Files, files),
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnvRecord({ STINT_JOURNAL: "journal" })),
  )
  const deliver = (id: string) =>
    Effect.forkChild(journal.deliver(deliveryOf(id), { target: "journal" } as never), { startImmediately: true })
  /** Delivers one whose write begins by itself: what is delivered in one turn of the event loop shares a write. */
  const begin = Effect.fnUntraced(function* (id: string) {
    const before = writes.length
    const fiber = yield* deliver(id)
    while (writes.length === before) yield* Effect.yieldNow
    return fiber
  })
  return { begin, deliver, go: Deferred.succeed(go, undefined), writes, lines: () => text.split("\n").slice(0, -1) }
})

describe("the journal", () => {
  it.effect("appends what is delivered while others are being written in one write, each line once", () =>
    Effect.gen(function* () {
      const { begin, deliver, go, lines, writes } = yield* held
      const underWay = yield* Effect.forEach(["a", "b"], begin)
      const fibers = [...underWay, ...yield* Effect.forEach(["c", "d", "c"], deliver)]
      yield* go
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(writes, [["a"], ["b"], ["c", "d"]])
      assert.lengthOf(lines(), 4)
      const ofC = lines().filter((line) => line.includes(`"delivery_id":"c"`))
      assert.deepStrictEqual(ofC.map((line) => JSON.parse(line).payload), [{ of: "c" }])
    }))

  it.effect("does not write a delivery that was given up before its write began", () =>
    Effect.gen(function* () {
      const { begin, deliver, go, writes } = yield* held
      const [first, second] = yield* Effect.forEach(["a", "b"], begin)
      const [given, other] = yield* Effect.forEach(["given up", "c"], deliver)
      yield* Fiber.interrupt(given!)
      yield* go
      yield* Fiber.joinAll([first!, second!, other!])
      assert.deepStrictEqual(writes, [["a"], ["b"], ["c"]])
    }))
})
