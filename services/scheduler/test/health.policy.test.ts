/** The thresholds of domain.md, "Health", at their edges. */
import { assert, describe, it } from "vitest"
import { conditionsOf, isSettled, sentenceOf } from "../src/Alerts/Policy.ts"
import { statusOf } from "../src/Health/Policy.ts"
import type { Vitals } from "../src/Health/Row.ts"

const vitals = (more: Partial<Vitals>): Vitals => ({
  running: 0,
  pending: 0,
  retrying: 0,
  due: 0,
  oldest_due_seconds: null,
  succeeded: 0,
  failed: 0,
  dead: 0,
  unpaused: 0,
  draft_lateness: null,
  dead_letters: 0,
  avg_duration_ms: null,
  last_run: null,
  last_success: null,
  last_failure: null,
  ...more,
})

describe("the scheduler's health", () => {
  it.each([
    [{ succeeded: 95, failed: 5, dead_letters: 4 }, "healthy"],
    [{ succeeded: 94, failed: 6, dead_letters: 4 }, "degraded"],
    [{ succeeded: 95, failed: 5, dead_letters: 5 }, "degraded"],
    [{ succeeded: 80, failed: 20, dead_letters: 19 }, "degraded"],
    [{ succeeded: 79, failed: 21, dead_letters: 0 }, "down"],
    [{ succeeded: 100, failed: 0, dead_letters: 20 }, "down"],
    [{ dead_letters: 4 }, "healthy"],
    [{ dead_letters: 5 }, "degraded"],
    [{ dead_letters: 20 }, "down"],
  ])("%j is %s", (figures, status) => {
    assert.strictEqual(statusOf(vitals(figures), []), status)
  })
})

describe("alerts", () => {
  it.each([
    [{ succeeded: 90, failed: 10 }, []],
    [{ succeeded: 89, failed: 11 }, ["success_rate"]],
    [{ unpaused: 100 }, []],
    [{ unpaused: 101 }, ["pending"]],
    [{ dead_letters: 9 }, []],
    [{ dead_letters: 10 }, ["dead_letters"]],
    [{}, []],
  ])("%j holds %j", (figures, kinds) => {
    const begun = conditionsOf(vitals(figures), []).filter(({ keeps }) => !keeps)
    assert.deepStrictEqual(begun.map(({ kind }) => kind), kinds)
  })

  it("is settled when what begins an alert has one and what is open holds, so that nothing has to be written", () => {
    const bad = conditionsOf(vitals({ succeeded: 89, failed: 11 }), ["GOI-1"])
    const kept = conditionsOf(vitals({ succeeded: 91, failed: 9 }), [])
    const open = [{ kind: "success_rate", subject: "all" }, { kind: "failures", subject: "GOI-1" }]
    assert.isTrue(isSettled([], []))
    assert.isTrue(isSettled(bad, open))
    assert.isFalse(isSettled(bad, []), "two begin")
    assert.isFalse(isSettled(bad, [open[0]!, { kind: "failures", subject: "GOI-2" }]), "another goal's does not count")
    assert.isFalse(isSettled([], open), "two end")
    assert.isTrue(isSettled(kept, []), "what only keeps begins none")
    assert.isTrue(isSettled(kept, [open[0]!]), "and keeps the one that is open")
  })

  it("C2: while a part is away, what waits for it begins no alert of its own, and ends none", () => {
    assert.deepStrictEqual(
      conditionsOf(vitals({ unpaused: 1_000, dead_letters: 12 }), [], true).map(({ keeps, kind }) => [kind, keeps]),
      [["pending", true], ["dead_letters", false]],
    )
  })

  it("C15: what is open is kept until its figure is well below where it began; what is paused on purpose counts for none", () => {
    const kept = (figures: Partial<Vitals>) => conditionsOf(vitals(figures), []).map(({ keeps, kind }) => [kind, keeps])
    for (const unpaused of [80, 100]) assert.deepStrictEqual(kept({ unpaused }), [["pending", true]])
    assert.deepStrictEqual(kept({ unpaused: 101 }), [["pending", false]])
    assert.deepStrictEqual(kept({ pending: 10_000, unpaused: 79 }), [])
    assert.deepStrictEqual(kept({ dead_letters: 9 }), [["dead_letters", true]])
    assert.deepStrictEqual(kept({ dead_letters: 7 }), [])
    assert.deepStrictEqual(kept({ succeeded: 91, failed: 9 }), [["success_rate", true]])
    assert.deepStrictEqual(kept({ succeeded: 92, failed: 8 }), [])
  })

  it("C2: what is away, late or stalled is never healthy, and what is down stays down", () => {
    const problem = { part: "hiring", how: "refused" as const, since: 0, detail: "nothing listens" }
    assert.strictEqual(statusOf(vitals({ succeeded: 100 }), [problem]), "degraded")
    assert.strictEqual(statusOf(vitals({ failed: 100 }), [problem]), "down")
  })

  it("name the goal that fails in a row, and say everything in a sentence", () => {
    const all = conditionsOf(vitals({ unpaused: 101, dead_letters: 12, succeeded: 8, failed: 2 }), ["GOI-1"])
    assert.deepStrictEqual(all.map((condition) => sentenceOf(condition, "begun")), [
      "the success rate of the last hour is below 0.9: 8 runs completed, 2 attempts failed",
      "101 runs are pending, more than 100",
      "12 dead letters are open, 10 or more",
      "GOI-1 failed 3 times in a row",
    ])
    for (const condition of all) assert.notStrictEqual(sentenceOf(condition, "ended"), sentenceOf(condition, "begun"))
  })
})
