/** Pure: which verdict the facts of a slot have. The words are in answers.pages.test.ts. */
import { assert, describe, it } from "@effect/vitest"
import { ReasonCode, SkipCode } from "@stint/domain/scheduler/ReasonCodes"
import { why } from "../src/Answers/Why.ts"
import {
  customer,
  DAY,
  factsOf,
  failedAttempt,
  HOUR,
  MINUTE,
  now,
  off,
  operator,
  pause,
  runOf,
  slot,
  verdictOf,
  versionOf,
} from "./AnswersFacts.ts"

describe("of a run", () => {
  it("that is final, its status decides", () => {
    const completed = runOf({ status: "completed", attempt: 1, started_at: slot, ended_at: slot + 1000 })
    assert.strictEqual(verdictOf(factsOf({ run: completed })), "ran")
    assert.strictEqual(verdictOf(factsOf({ run: runOf({ status: "dead_lettered" }) })), "dead_lettered")
    const skips: ReadonlyArray<string> = SkipCode.literals
    for (const reason_code of ReasonCode.literals) {
      const verdict = verdictOf(factsOf({ run: runOf({ status: "cancelled", reason_code }) }))
      assert.strictEqual(verdict, skips.includes(reason_code) ? "skipped" : "cancelled", reason_code)
    }
  })

  it("that is live, its status decides", () => {
    assert.strictEqual(verdictOf(factsOf({ run: runOf({ status: "running", started_at: slot }) })), "running")
    const retrying = runOf({ status: "retrying", attempt: 1, failed_attempts: [failedAttempt(1, slot, "unavailable")] })
    assert.strictEqual(verdictOf(factsOf({ run: retrying })), "retrying")
  })

  it("that is pending: it waits for an earlier run, a resume, room or a replica; or it will run", () => {
    const ahead = { scheduled_run_id: "SCH-0", slot: slot - DAY, count: 3 }
    assert.strictEqual(verdictOf(factsOf({ run: runOf(), ahead })), "waiting")
    const due = runOf({}, { claimable_at: slot })
    const limits = [{ kind: "customer" as const, subject: "acme", max_running: 3 }]
    for (const more of [{ pauses: [pause] }, { limits }, {}]) {
      assert.strictEqual(verdictOf(factsOf({ run: due, ...more })), "waiting")
    }
    const future = runOf({ origin: "trigger" }, { claimable_at: now + DAY })
    assert.strictEqual(verdictOf(factsOf({ run: future, slot: now + DAY })), "will_run")
    assert.strictEqual(verdictOf(factsOf({ run: future, slot: now + DAY, pauses: [pause] })), "will_not_run")
    const forced = { ...future, forced: true }
    assert.strictEqual(verdictOf(factsOf({ run: forced, slot: now + DAY, pauses: [pause] })), "will_run")
  })

  it("that was due for over a minute blames no replica for the time of a pause", () => {
    const due = factsOf({ run: runOf({}, { claimable_at: slot }) })
    const resumed = { ...due, pauses: [{ ...pause, resumed_at: now - 2_000, resumed_by: "olga" }] }
    assert.match(why(due, operator).because.join(), /No replica has claimed it/)
    assert.notMatch(why(resumed, operator).because.join(), /No replica/)
  })

  it("that was removed: its execution decides", () => {
    const old = {
      started_at: slot + 1000,
      completed_at: slot + 2000,
      deliverable_id: "DEL-1",
      error: null,
      status: "completed" as const,
    }
    assert.strictEqual(verdictOf(factsOf({ old })), "ran")
    const failed = (type: string) =>
      verdictOf(factsOf({ old: { ...old, status: "failed", error: { type, message: "no" } } }))
    assert.deepStrictEqual(["CANCELLED", "hire_not_runnable", "UNKNOWN"].map(failed), [
      "cancelled",
      "cancelled",
      "dead_lettered",
    ])
  })
})

describe("of a slot without a run", () => {
  it("missed: a recorded range decides", () => {
    const missed = { from: slot - DAY, to: slot, reason: "older than 24 h", reason_code: "too_old", recorded_at: now }
    assert.strictEqual(verdictOf(factsOf({ missed: missed as never })), "missed")
  })

  it("paused while it is not decided and a pause lasts, else waiting", () => {
    assert.strictEqual(verdictOf(factsOf({ undecided: slot, pauses: [pause] })), "paused")
    assert.strictEqual(verdictOf(factsOf({ undecided: slot })), "waiting")
  })

  it("in the future it will run, unless its goal is off or paused", () => {
    const ahead = { slot: now + DAY, starts_at: now + DAY + 5 * MINUTE, undecided: now + DAY }
    assert.strictEqual(verdictOf(factsOf(ahead)), "will_run")
    assert.strictEqual(verdictOf(factsOf({ ...ahead, pauses: [pause] })), "will_not_run")
    assert.strictEqual(verdictOf(factsOf(ahead, [versionOf(off)])), "will_not_run")
  })

  it("not due when its goal was off then; cancelled when a change dropped it", () => {
    assert.strictEqual(verdictOf(factsOf({}, [versionOf(), versionOf({ ...off, valid_from: slot - DAY })])), "not_due")
    const later = versionOf({ valid_from: slot + HOUR, schedule: { at: "10:00" } })
    assert.strictEqual(verdictOf(factsOf({}, [versionOf(), later])), "cancelled")
  })

  it("not known before the goal was, after its runs are removed, or when nothing was recorded", () => {
    for (
      const facts of [
        factsOf({ slot: now - 60 * DAY }),
        factsOf({ slot: now - 40 * DAY }),
        factsOf({}),
        factsOf({ slot: null, at: now - 60 * DAY, segment: undefined }),
        factsOf({ slot: null, segment: undefined, known_since: null }, []),
      ]
    ) assert.strictEqual(verdictOf(facts), "not_known")
  })
})

it("where there is no slot it is not due, for whatever reason", () => {
  const none = { slot: null, starts_at: null }
  const deleted = versionOf({ runs: false, reason: "the goal was deleted", deleted: true, valid_from: slot - DAY })
  for (
    const versions of [
      [versionOf()],
      [versionOf(off)],
      [versionOf(), deleted],
      [versionOf({ frequency: "on_demand", schedule: {} })],
      [versionOf({ timezone: "Mars/Olympus" })],
    ]
  ) assert.strictEqual(verdictOf(factsOf({ ...none, at: slot + HOUR }, versions)), "not_due")
})

it("a customer reads `an operator` wherever an operator acted", () => {
  const cancelled = runOf({
    status: "cancelled",
    reason_code: "cancelled_by_operator",
    reason: "cancelled by olga: enough",
    cancelled_by: "olga",
    cancel_reason: "enough",
  })
  const deadLetter = {
    dlq_id: "DLQ-1" as never,
    error: "no",
    state: "discarded" as const,
    expires_at: now,
    closed_at: now,
  }
  const dead = { run: runOf({ status: "dead_lettered" }), deadLetter, discard: { by: "olga", reason: "no use" } }
  const old = {
    status: "failed" as const,
    started_at: slot,
    completed_at: slot,
    deliverable_id: null,
    error: { type: "CANCELLED", message: "cancelled by olga: enough", cancelled_by: "olga", cancel_reason: "enough" },
  }
  const triggered = runOf({ origin: "trigger" }, { claimable_at: slot, asked_by: "olga" })
  for (
    const facts of [{ run: cancelled }, dead, { old }, { run: triggered }, { run: runOf(), pauses: [pause] }]
  ) {
    const text = (naming: typeof customer) => JSON.stringify(why(factsOf(facts), naming))
    assert.include(text(operator), "olga")
    assert.include(text(customer), "an operator")
    assert.notInclude(text(customer), "olga")
  }
})
