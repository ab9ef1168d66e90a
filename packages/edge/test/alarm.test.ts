/** Alerts of a service: begun once, ended once, told signed and at least once, whichever replica does. */
import { assert, it, layer } from "@effect/vitest"
import * as Alarm from "@stint/edge/Alarm"
import { AlarmRepo } from "@stint/edge/Alarm/Repo"
import { Ids } from "@stint/edge/Ids"
import { ConfigProvider, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { testDatabase } from "../../../tests/support/Database.ts"

const alert = (subject: string, message = `${subject} is on fire`) => ({
  kind: "fire",
  subject,
  message,
  details: { subject },
})

const over = (subject: string) => `${subject} burns no more`

layer(AlarmRepo.layer.pipe(Layer.provide([testDatabase("hiring"), Ids.layer])))("the table of alerts", (it) => {
  it.effect("a condition begins one alert, however often and by however many it is said", () =>
    Effect.gen(function* () {
      const repo = yield* AlarmRepo
      yield* Effect.all([repo.begin([alert("one"), alert("two")]), repo.begin([alert("two"), alert("one")])], {
        concurrency: "unbounded",
      })
      const begun = yield* repo.claim(30_000)
      assert.deepStrictEqual(
        begun.map(({ message, phase, subject }) => [phase, subject, message]).toSorted(),
        [["begun", "one", "one is on fire"], ["begun", "two", "two is on fire"]],
      )
      assert.deepStrictEqual(yield* repo.claim(30_000), [], "claimed ones are another's for a while")
      yield* Effect.forEach(begun, (notice) => repo.complete(notice))
      yield* repo.end({ ...alert("one"), message: over("one") })
      yield* repo.end({ ...alert("one"), message: over("one") })
      const ended = yield* repo.claim(30_000)
      assert.deepStrictEqual(ended.map(({ message, phase }) => [phase, message]), [["ended", "one burns no more"]])
      yield* Effect.forEach(ended, (notice) => repo.complete(notice))
    }))

  it.effect("C15: what is said again is not quiet, so that it does not end and begin in turns", () =>
    Effect.gen(function* () {
      const repo = yield* AlarmRepo
      yield* repo.begin([alert("three")])
      assert.includeDeepMembers([...(yield* repo.open("fire", 60_000))], [{ subject: "three", quiet: false }])
      assert.includeDeepMembers([...(yield* repo.open("fire", -1_000))], [{ subject: "three", quiet: true }])
    }))

  it.effect("while none is open nobody looks at the table again and again; one of another replica that died is ended", () =>
    Effect.gen(function* () {
      const table = yield* AlarmRepo
      let looks = 0
      const counted = {
        ...table,
        open: (kind: string, ms: number) => Effect.andThen(Effect.sync(() => looks++), table.open(kind, ms)),
      }
      const settle = (holds: ReadonlyArray<string>) =>
        Effect.flatMap(
          Alarm.Alarms,
          (alarms) =>
            alarms.settle("smoke", holds.map((subject) => ({ ...alert(subject), kind: "smoke" })), 60_000, over),
        )
      yield* Effect.gen(function* () {
        for (let n = 0; n < 10; n++) yield* settle([])
        assert.strictEqual(looks, 1)
        // another replica's: told by it, and then it is gone
        yield* table.begin([{ ...alert("four"), kind: "smoke" }])
        yield* TestClock.adjust("30 seconds")
        yield* settle([])
        yield* settle([])
        assert.strictEqual(looks, 3, "while one is open it is watched")
        yield* table.end({ ...alert("four"), kind: "smoke", message: over("four") })
        yield* settle([])
        yield* settle([])
        assert.strictEqual(looks, 4)
        yield* settle(["five"])
        assert.strictEqual(looks, 5, "what holds is said each time")
      }).pipe(Effect.provide(Alarm.layer.pipe(Layer.provide(Layer.succeed(AlarmRepo, counted)), Layer.orDie)))
    }))
})

it.effect("a wrong setting is refused in a sentence that names it", () =>
  Effect.gen(function* () {
    for (
      const [env, why] of [
        [{ STINT_ALERT_WEBHOOK: "ftp://x", STINT_ALERT_SECRET: "whsec_czNjcmV0" }, /^STINT_ALERT_WEBHOOK must be/],
        [{ STINT_ALERT_WEBHOOK: "http://x/" }, /without STINT_ALERT_SECRET,/],
        [{ STINT_ALERT_SECRET_REF: "alerts" }, /^STINT_ALERT_SECRET_REF is not read any more: set STINT_ALERT_SECRET/],
      ] as const
    ) {
      const failure = yield* Effect.flip(Layer.build(Alarm.Alarm.layer)).pipe(
        Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(env))),
        Effect.scoped,
      )
      assert.match(failure.message, why)
    }
  }))
