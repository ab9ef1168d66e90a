/** Golden pages: the words of some answers, as a person reads them. Every other test asserts codes and facts. */
import { assert, describe, it } from "@effect/vitest"
import {
  customer,
  DAY,
  factsOf,
  failedAttempt,
  HOUR,
  MINUTE,
  now,
  off,
  pageOf,
  pause,
  runOf,
  slot,
  versionOf,
} from "./AnswersFacts.ts"

const ended = { ...pause, resumed_at: slot + 2 * HOUR, resumed_by: "otto" }

describe("the page of", () => {
  it("a run that was completed at its second attempt", () => {
    const run = runOf({
      status: "completed",
      attempt: 2,
      deliverable_id: "DEL-1" as never,
      failed_attempts: [failedAttempt(1, slot + 500, "unavailable")],
      started_at: slot + MINUTE,
      ended_at: slot + MINUTE + 1000,
    })
    assert.strictEqual(
      pageOf(factsOf({ run })),
      `ran
The slot of Tue 2026-11-24 09:00 Europe/Berlin ran on its attempt 2, from 09:01 to 09:01:01.
The rule is daily at 09:00 Europe/Berlin.
Attempt 1 began at 09:00:00.500 and ended at 09:00:01.500: unavailable: said the test.
It made DEL-1.`,
    )
  })

  it("a run that was late: because of a pause, an outage, or a busy scheduler", () => {
    const late = (made_at: number, pauses: Parameters<typeof factsOf>[0]) => {
      const times = { started_at: slot + 2 * HOUR, ended_at: slot + 2 * HOUR + 1000 }
      const run = runOf({ status: "completed", attempt: 1, ...times }, { made_at })
      return pageOf(factsOf({ run, ...pauses })).split("\n").slice(3).join("\n")
    }
    assert.strictEqual(
      late(slot + 2 * HOUR, { pauses: [ended] }),
      `All of the scheduler was paused by olga (deploy) from Tue 2026-11-24 08:00 Europe/Berlin to ` +
        `Tue 2026-11-24 11:00 Europe/Berlin, when otto resumed it.
It began 2 h after it was due: it fell due in a pause, and was caught up after it.`,
    )
    assert.strictEqual(
      late(slot + 2 * HOUR, {}),
      "It began 2 h after it was due: the scheduler was down when it fell due, or received the goal late, and caught it up.",
    )
    assert.strictEqual(
      late(slot, {}),
      "It began 2 h after it was due: its run was made in time, and waited for an earlier run, for room, or for deliverables.",
    )
  })

  it("a run that retries while paused", () => {
    const run = runOf({ status: "retrying", attempt: 1, failed_attempts: [failedAttempt(1, slot, "unavailable")] }, {
      claimable_at: now + MINUTE,
    })
    assert.strictEqual(
      pageOf(factsOf({ run, pauses: [pause] })),
      `retrying
The slot of Tue 2026-11-24 09:00 Europe/Berlin is retrying: attempt 1 of 5 failed with unavailable, and the next begins ` +
        `at 13:01 at the earliest.
The rule is daily at 09:00 Europe/Berlin.
Attempt 1 began at 09:00 and ended at 09:00:01: unavailable: said the test.
Until a resume no attempt begins: all of the scheduler is paused by olga (deploy) since Tue 2026-11-24 08:00 Europe/Berlin.`,
    )
  })

  it("runs that wait: for earlier runs, for a resume, for room", () => {
    const sentence = (facts: Parameters<typeof factsOf>[0], naming = customer) =>
      pageOf(factsOf(facts), naming).split("\n")[1]
    const due = runOf({}, { claimable_at: slot })
    const ahead = { scheduled_run_id: "SCH-0", slot: slot - DAY, count: 3 }
    assert.strictEqual(
      sentence({ run: runOf(), ahead }),
      "The slot of Tue 2026-11-24 09:00 Europe/Berlin waits behind the run of Mon 2026-11-23 09:00 Europe/Berlin (SCH-0) " +
        "and 2 more, since the runs of this goal take turns.",
    )
    assert.strictEqual(
      sentence({ run: due, pauses: [pause] }),
      "The slot of Tue 2026-11-24 09:00 Europe/Berlin is due and waits for a resume: all of the scheduler is paused by an " +
        "operator (deploy) since Tue 2026-11-24 08:00 Europe/Berlin.",
    )
    const limits = [{ kind: "customer" as const, subject: "acme", max_running: 3 }]
    assert.strictEqual(
      sentence({ run: due, limits }),
      "The slot of Tue 2026-11-24 09:00 Europe/Berlin is due and waits for room: the customer acme has as many runs under " +
        "way as its limit of 3 allows.",
    )
  })

  it("a slot that was skipped for an open run", () => {
    const run = runOf({
      status: "cancelled",
      reason: "overlap: a run of this goal is open",
      reason_code: "overlap_open",
    }, { closed_at: slot })
    assert.strictEqual(
      pageOf(factsOf({ run, rival: { scheduled_run_id: "SCH-0", slot: slot - DAY } })),
      `skipped
The slot of Tue 2026-11-24 09:00 Europe/Berlin was skipped: overlap: a run of this goal is open.
The rule is daily at 09:00 Europe/Berlin.
The run that was open is that of Mon 2026-11-23 09:00 Europe/Berlin (SCH-0).`,
    )
  })

  it("a run that an operator cancelled, as its customer reads it", () => {
    const run = runOf({
      origin: "manual",
      status: "cancelled",
      reason: "cancelled by olga: enough",
      reason_code: "cancelled_by_operator",
      cancelled_by: "olga",
      cancel_reason: "enough",
    }, { closed_at: slot + MINUTE, asked_by: "acme" })
    assert.strictEqual(
      pageOf(factsOf({ run }), customer),
      `cancelled
The manual run of Tue 2026-11-24 09:00 Europe/Berlin was cancelled at 09:01 by an operator: enough.
It is no run of the schedule: acme asked for it.`,
    )
  })

  it("a dead letter that was discarded", () => {
    const run = runOf({ status: "dead_lettered", attempt: 1, failed_attempts: [failedAttempt(1, slot, "invalid")] })
    const deadLetter = {
      dlq_id: "DLQ-1" as never,
      error: "no",
      state: "discarded" as const,
      expires_at: now,
      closed_at: now,
    }
    assert.strictEqual(
      pageOf(factsOf({ run, deadLetter, discard: { by: "olga", reason: "no use" } })),
      `dead_lettered
The slot of Tue 2026-11-24 09:00 Europe/Berlin failed for good at its first attempt and was dead-lettered: invalid: said ` +
        `the test.
The rule is daily at 09:00 Europe/Berlin.
Attempt 1 began at 09:00 and ended at 09:00:01: invalid: said the test.
DLQ-1 was discarded at 13:00 by olga: no use.`,
    )
  })

  it("a slot that was missed", () => {
    const missed = {
      from: slot - DAY,
      to: slot,
      reason: "older than 24 h",
      reason_code: "too_old" as const,
      recorded_at: now,
    }
    assert.strictEqual(
      pageOf(factsOf({ missed })),
      `missed
The slot of Tue 2026-11-24 09:00 Europe/Berlin was missed: noticed over 24 h late, it is not run any more.
The rule is daily at 09:00 Europe/Berlin.
Recorded at Tue 2026-11-24 13:00 Europe/Berlin for the slots from Mon 2026-11-23 09:00 Europe/Berlin to ` +
        `Tue 2026-11-24 09:00 Europe/Berlin: older than 24 h.`,
    )
  })

  it("a slot that fell due in a pause, by what its goal does with missed slots", () => {
    const last = (missed: string) =>
      pageOf(factsOf({ undecided: slot, pauses: [pause] }, [versionOf({ schedule: { at: "09:00", missed } })]))
        .split("\n").at(-1)
    assert.deepStrictEqual(["each", "latest", "skip"].map(last), [
      "This goal runs every missed slot, one after the other: after a resume within 24 h this one runs.",
      "Of missed slots this goal runs the latest: after a resume this one runs, unless a later slot is due by then.",
      "This goal skips missed slots: resumed over a minute after the slot was due, it does not run.",
    ])
  })

  it("a slot that will run, with its spread", () => {
    const ahead = { slot: now + DAY, starts_at: now + DAY + 5 * MINUTE, undecided: now + DAY }
    assert.strictEqual(
      pageOf(factsOf(ahead, [versionOf({ schedule: { at: "13:00", overlap: "skip" } })])),
      `will_run
The slot of Wed 2026-11-25 13:00 Europe/Berlin will run at 13:05.
The rule is daily at 13:00 Europe/Berlin.
Its spread starts it 5 min after its slot, at 13:05.
If a run of this goal is still open then, it is skipped: its overlap is skip.`,
    )
  })

  it("a slot of a goal that was off, over edits that did not switch it on", () => {
    const versions = [
      versionOf(),
      versionOf({ ...off, valid_from: slot - 3 * DAY }),
      versionOf({ ...off, valid_from: slot - 2 * DAY, schedule: { at: "08:00" } }),
      versionOf({ ...off, valid_from: slot - DAY }),
      versionOf({ valid_from: now - HOUR, schedule: { at: "10:00" } }),
    ]
    assert.strictEqual(
      pageOf(factsOf({}, versions)),
      `not_due
The slot of Tue 2026-11-24 09:00 Europe/Berlin was not due: the goal was switched off, since Sat 2026-11-21 09:00 ` +
        `Europe/Berlin until Tue 2026-11-24 12:00 Europe/Berlin.
At that time the rule was daily at 09:00 Europe/Berlin; it was changed to daily at 10:00 Europe/Berlin at ` +
        `Tue 2026-11-24 12:00 Europe/Berlin.`,
    )
  })

  it("an instant without a slot, and one whose local time came twice", () => {
    const none = { slot: null, starts_at: null }
    assert.strictEqual(
      pageOf(factsOf({ ...none, at: slot + HOUR, previous_slot: slot, next_slot: slot + DAY })),
      `not_due
No slot was due at Tue 2026-11-24 10:00 Europe/Berlin: the rule was daily at 09:00 Europe/Berlin; the one before is ` +
        `Tue 2026-11-24 09:00 Europe/Berlin, the next is Wed 2026-11-25 09:00 Europe/Berlin.`,
    )
    const second = Date.parse("2026-10-25T01:30:00Z")
    assert.strictEqual(
      pageOf(factsOf({ ...none, at: second }, [versionOf({ schedule: { at: "02:30" } })])),
      `not_due
Nothing was due: the local time of Sun 2026-10-25 02:30 Europe/Berlin came twice, and the rule (daily at 02:30 ` +
        `Europe/Berlin) counts it once, at the first, 1 h before.`,
    )
  })
})
