/** The buffer of the audit: bounded, in order, and never in the way. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { SqlError } from "effect/sql"
import { TestClock } from "effect/testing"
import { Audit, layer, type Line } from "../src/Audit.ts"
import { type AuditLine, AuditRepo } from "../src/Audit/Repo.ts"
import { uuidv7Series } from "../src/Ids.ts"
import { Health } from "../src/Health.ts"
import { StateMetrics } from "../src/Metrics.ts"
import { firstParameter } from "../src/RequestLog.ts"

const line = (n: number): Line => ({
  id: `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`,
  correlation_id: "0".repeat(31) + "1",
  causation_id: null,
  timestamp: 0,
  request_id: `req-${n}`,
  http_method: "GET",
  endpoint: "/x",
  subject: null,
  role: null,
  status_code: 200,
  error_type: null,
  total_latency_ms: 1,
  action: null,
  resource: null,
  resource_id: null,
})

const away = new SqlError.SqlError({ reason: new SqlError.ConnectionError({ cause: new Error("away") }) })

const world = () => {
  const audit = Audit.make(1_000)
  const health = Health.make()
  const written: Array<ReadonlyArray<AuditLine>> = []
  const database = { isAway: false }
  const repo = AuditRepo.of({
    append: (lines) =>
      Effect.suspend(() => database.isAway ? Effect.die(away) : Effect.sync(() => void written.push(lines))),
    expired: Effect.succeed(0),
    prune: () => Effect.succeed(0),
  })
  const writer = layer("catalog").pipe(Layer.provide([
    Layer.succeed(Audit, audit),
    Layer.succeed(Health, health),
    Layer.succeed(AuditRepo, repo),
    Layer.succeed(StateMetrics, StateMetrics.make()),
  ]))
  const ids = () => written.flat().map(({ request_id }) => Number(request_id.slice(4)))
  return { audit, health, written, database, writer, ids }
}

describe("the audit's buffer", () => {
  it.effect("is written after a second, or at once when a batch is full", () => {
    const w = world()
    return Effect.gen(function* () {
      w.audit.record(line(1))
      yield* TestClock.adjust("900 millis")
      assert.deepStrictEqual(w.written, [])
      yield* TestClock.adjust("200 millis")
      assert.deepStrictEqual(w.ids(), [1])
      assert.strictEqual(w.written[0]![0]!.service, "catalog")
      for (let n = 2; n <= 501; n++) w.audit.record(line(n))
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(w.ids().length, 501)
    }).pipe(Effect.provide(w.writer))
  })

  it.effect("drops the oldest when the database stays away, and goes on in order when it comes back", () => {
    const w = world()
    return Effect.gen(function* () {
      w.database.isAway = true
      for (let n = 1; n <= 1_200; n++) w.audit.record(line(n))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([w.audit.size(), w.audit.dropped(), w.written.length], [1_000, 200, 0])
      w.database.isAway = false
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(w.ids(), Array.from({ length: 1_000 }, (_, i) => i + 201))
    }).pipe(Effect.provide(w.writer))
  })

  it.effect("attack: requests that were refused push nothing out of a full buffer, by whom they may be", () => {
    const w = world()
    return Effect.gen(function* () {
      w.database.isAway = true
      for (let n = 1; n <= 900; n++) w.audit.record(line(n))
      for (let n = 901; n <= 9_000; n++) w.audit.record({ ...line(n), status_code: n % 2 === 0 ? 401 : 429 })
      for (let n = 9_001; n <= 9_100; n++) w.audit.record(line(n))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([w.audit.size(), w.audit.dropped()], [1_000, 8_100])
      w.audit.record(line(9_101))
      w.database.isAway = false
      yield* TestClock.adjust("5 seconds")
      // no refused line was left to make room for the last: the oldest went
      const acts = [
        ...Array.from({ length: 899 }, (_, i) => i + 2),
        ...Array.from({ length: 101 }, (_, i) => 9_001 + i),
      ]
      assert.deepStrictEqual(w.ids(), acts)
    }).pipe(Effect.provide(w.writer))
  })

  it("has what was put back before what came since, and drops as if it had never been taken", () => {
    const audit = Audit.make(6)
    const refused = (n: number) => ({ ...line(n), status_code: 401 })
    for (const one of [line(1), refused(2), line(3), refused(4)]) audit.record(one)
    const back = audit.take(3)
    for (const one of [line(5), refused(6), line(7)]) audit.record(one)
    audit.putBack(back)
    // of seven the newest refused one is gone
    assert.deepStrictEqual([audit.size(), audit.dropped()], [6, 1])
    audit.record(line(8))
    const ids = audit.take(100).map(({ request_id }) => Number(request_id.slice(4)))
    assert.deepStrictEqual(ids, [1, 2, 3, 5, 7, 8])
    assert.strictEqual(audit.size(), 0)
  })

  it.effect("is empty after a drain, and after the end", () => {
    const w = world()
    return Effect.gen(function* () {
      yield* Effect.gen(function* () {
        w.audit.record(line(1))
        yield* w.health.drain
        assert.deepStrictEqual(w.ids(), [1])
        w.audit.record(line(2))
      }).pipe(Effect.provide(w.writer))
      assert.deepStrictEqual(w.ids(), [1, 2])
    })
  })

  it.effect("waits some seconds for a database that is away when the service ends", () => {
    const w = world()
    return Effect.gen(function* () {
      w.database.isAway = true
      w.audit.record(line(1))
      const ending = yield* Effect.forkChild(Effect.provide(Effect.void, w.writer))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(w.ids(), [])
      w.database.isAway = false
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.join(ending)
      assert.deepStrictEqual(w.ids(), [1])
    })
  })

  it("has ids that are uuids of version 7, in the order of time", () => {
    const next = uuidv7Series()
    const ids = [1, 2, 2, 1_800_000_000_000].map(next)
    for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.deepStrictEqual(ids.toSorted(), ids)
    assert.strictEqual(new Set(ids).size, 4)
  })

  it("knows the first parameter of a path", () => {
    assert.strictEqual(
      firstParameter("/api/v1/goals/:goal/run", "http://x/api/v1/goals/GOI-1%40/run?secret=1"),
      "GOI-1@",
    )
    assert.isNull(firstParameter("/api/v1/goals", "http://x/api/v1/goals"))
  })
})
