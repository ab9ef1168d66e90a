/** Pure: facts to verdicts and sentences, one by one; and that there is an answer to every combination of facts. */
import { Explanation, Verdict } from "@stint/domain/scheduler/Answers"
import { Run, RunOrigin, RunStatus } from "@stint/domain/scheduler/Runs"
import { DeadLetterState } from "@stint/domain/scheduler/DeadLetters"
import { Frequency } from "@stint/domain/Definition"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, DateTime, Schema } from "effect"
import type { Facts, RunFacts } from "../src/Answers/Facts.ts"
import { reasonFor } from "../src/Answers/Judgement.ts"
import { type Pause, pausesOf, touching } from "../src/Answers/Pauses.ts"
import { judge } from "../src/Answers/Policy.ts"
import { nextSlot, previousSlot, type Segment, segmentAt, segmentsOf, slotIn } from "../src/Answers/Segments.ts"
import { explanationOf } from "../src/Answers/Wire.ts"
import { lasting, namingFor, ruleInWords, timesOf } from "../src/Answers/Words.ts"
import type { ActionRow } from "../src/Controls/Repo.ts"
import type { HistoryRow } from "../src/Projection/History.ts"

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const at = (text: string) => Date.parse(text)
const now = at("2026-11-24T12:00:00Z")
const kept = { runs: 30, history: 90 }
const everyone = namingFor("operator", "olga")
const customer = namingFor("customer", "acme")

const rowOf = (more: Partial<HistoryRow> = {}): HistoryRow => ({
  goal_instance_id: "GOI-1" as never,
  hired_instance_id: "HAI-1" as never,
  customer_id: "acme" as never,
  valid_from: now - 50 * DAY,
  frequency: "daily",
  schedule: { at: "09:00" },
  default_at: null,
  timezone: "Europe/Berlin",
  runs: true,
  reason: null,
  deleted: false,
  ...more,
})
const off = { runs: false, reason: "the goal was switched off" }
const slot = at("2026-11-24T08:00:00Z")

/** Facts about a slot of a goal with these rows; nothing is recorded unless it is given. */
const factsOf = (more: Partial<Facts> = {}, rows: ReadonlyArray<HistoryRow> = [rowOf()]): Facts => {
  const segments = segmentsOf(rows)
  const about = more.slot === undefined ? slot : more.slot
  return {
    now,
    at: about ?? slot,
    segments,
    segment: segmentAt(segments, about ?? more.at ?? slot),
    known_since: rows[0]?.valid_from ?? null,
    slot: about,
    starts_at: about,
    run: null,
    old: null,
    missed: null,
    undecided: null,
    letter: null,
    pauses: [],
    discard: null,
    ahead: null,
    limits: [],
    rival: null,
    previous_slot: null,
    next_slot: null,
    ...more,
  }
}
const runOf = (run: Partial<Run> = {}, more: Partial<RunFacts> = {}): RunFacts => ({
  run: Run.make({
    scheduled_run_id: "SCH-1" as never,
    goal_instance_id: "GOI-1" as never,
    hired_instance_id: "HAI-1" as never,
    scheduled_time: DateTime.makeUnsafe(slot),
    origin: "schedule",
    status: "pending",
    reason: null,
    idempotency_key: "GOI-1:x",
    run_id: null,
    deliverable_id: null,
    attempt: 0,
    next_attempt_at: null,
    attempts: [],
    ...run,
  }),
  claimable_at: null,
  forced: false,
  closed_at: null,
  made_at: slot,
  asked_by: null,
  skipped_for: null,
  ...more,
})
const attempt = (nth: number, begun: number, error?: string) => ({
  attempt: nth,
  started_at: DateTime.makeUnsafe(begun),
  ended_at: DateTime.makeUnsafe(begun + 1000),
  error_details: error === undefined ? null : { type: error, message: "said the test", attempt: nth },
})
const pause: Pause = {
  scope: {},
  paused_at: slot - HOUR,
  paused_by: "olga",
  reason: "deploy",
  resumed_at: null,
  resumed_by: null,
}
const answer = (facts: Facts, naming = everyone) => judge(facts, naming, kept)
/** The verdict and the sentence of facts. */
const told = (facts: Facts, naming = everyone) => {
  const { sentence, verdict } = answer(facts, naming)
  return [verdict, sentence]
}

describe("the verdict over a run", () => {
  it("ran", () => {
    const run = runOf({
      status: "completed",
      attempt: 2,
      deliverable_id: "DEL-1" as never,
      attempts: [attempt(1, slot + 500, "unavailable"), attempt(2, slot + MINUTE)],
    })
    const { because, sentence, verdict } = answer(factsOf({ run }))
    assert.deepStrictEqual([verdict, sentence], [
      "ran",
      "The slot of Tue 2026-11-24 09:00 Europe/Berlin ran on its attempt 2, from 09:01 to 09:01:01.",
    ])
    assert.deepStrictEqual(because, [
      "The rule is daily at 09:00 Europe/Berlin.",
      "Attempt 1 began at 09:00:00.500 and ended at 09:00:01.500: unavailable: said the test.",
      "It made DEL-1.",
    ])
  })

  it("ran late: in a pause, unnoticed, or in a queue", () => {
    const late = (made_at: number, pauses: ReadonlyArray<Pause>) =>
      answer(factsOf({
        run: runOf({ status: "completed", attempt: 1, attempts: [attempt(1, slot + 2 * HOUR)] }, { made_at }),
        pauses,
      })).because
    const ended = { ...pause, resumed_at: slot + 2 * HOUR, resumed_by: "otto" }
    assert.deepStrictEqual(late(slot + 2 * HOUR, [ended]).slice(1), [
      "All of the scheduler was paused by olga (deploy) from Tue 2026-11-24 08:00 Europe/Berlin to " +
      "Tue 2026-11-24 11:00 Europe/Berlin, when otto resumed it.",
      "It began 2 h after it was due: it fell due in a pause, and was caught up after it.",
    ])
    assert.match(late(slot + 2 * HOUR, []).join(), /2 h after it was due: the scheduler did not work when it fell due/)
    assert.match(late(slot, []).join(), /2 h after it was due: it was taken up in time, and waited/)
  })

  it("running, and with a lease that has ended", () => {
    const running = {
      status: "running" as const,
      attempt: 1,
      attempts: [{ ...attempt(1, slot + 500), ended_at: null }],
    }
    assert.deepStrictEqual(told(factsOf({ run: runOf(running, { claimable_at: now + 1000 }) })), [
      "running",
      "The slot of Tue 2026-11-24 09:00 Europe/Berlin has been running since 09:00:00.500, attempt 1 of 5.",
    ])
    assert.match(
      answer(factsOf({ run: runOf(running, { claimable_at: now - 1000 }) })).because.join(),
      /lease ended at 12:59:59: another takes it over/,
    )
  })

  it("retrying, until when, and under a pause", () => {
    const run = runOf({ status: "retrying", attempt: 1, attempts: [attempt(1, slot, "unavailable")] }, {
      claimable_at: now + MINUTE,
    })
    assert.deepStrictEqual(told(factsOf({ run })), [
      "retrying",
      "The slot of Tue 2026-11-24 09:00 Europe/Berlin is retrying: attempt 1 of 5 failed with unavailable, and it waits " +
      "until 13:01 for its next.",
    ])
    assert.match(answer(factsOf({ run, pauses: [pause] })).because.join(), /Until a resume no attempt begins: all of/)
  })

  it("waiting: behind a run, behind a pause, due now", () => {
    const ahead = { scheduled_run_id: "SCH-0", slot: slot - DAY, count: 3 }
    assert.deepStrictEqual(told(factsOf({ run: runOf(), ahead })), [
      "waiting",
      "The slot of Tue 2026-11-24 09:00 Europe/Berlin waits behind the run of Mon 2026-11-23 09:00 Europe/Berlin (SCH-0) " +
      "and 2 more, since the runs of this goal take turns.",
    ])
    const due = runOf({}, { claimable_at: slot })
    assert.deepStrictEqual(told(factsOf({ run: due, pauses: [pause] }), customer), [
      "waiting",
      "The slot of Tue 2026-11-24 09:00 Europe/Berlin is due and waits for a resume: all of the scheduler is paused by an " +
      "operator (deploy) since Tue 2026-11-24 08:00 Europe/Berlin.",
    ])
    assert.match(told(factsOf({ run: { ...due, forced: true }, pauses: [pause] }))[1]!, / is due now and starts/)
    const limits = [{ kind: "customer" as const, subject: "acme", max_running: 3 }]
    assert.include(
      told(factsOf({ run: due, limits }))[1],
      "waits for room: the customer acme has as many runs under way as its limit of 3 allows",
    )
    assert.match(
      answer(factsOf({ run: due })).because.join(),
      /No replica has taken it for 4 h: none has room, none works, or deliverables does not answer them/,
    )
    // while it was paused nobody could
    const facts = factsOf({ run: due })
    const over = { ...facts, pauses: [{ ...pause, resumed_at: facts.now - 2_000, resumed_by: "olga" }] }
    assert.notMatch(answer(over).because.join(), /No replica has taken it/)
  })

  it("will run, or not: a run of a future instant that an operator asked for", () => {
    const run = runOf({ origin: "trigger" }, { claimable_at: now + DAY, asked_by: "otto" })
    const facts = factsOf({ run, slot: now + DAY })
    assert.strictEqual(answer(facts).verdict, "will_run")
    assert.deepStrictEqual(answer(facts).because, ["It is no run of the schedule: otto triggered it."])
    assert.deepStrictEqual(answer(facts, customer).because, ["It is no run of the schedule: an operator triggered it."])
    assert.strictEqual(answer(factsOf({ run, slot: now + DAY, pauses: [pause] })).verdict, "will_not_run")
  })

  it("skipped, with the recorded words", () => {
    const run = (reason: string) => runOf({ status: "cancelled", reason }, { closed_at: slot })
    const rival = { scheduled_run_id: "SCH-0", slot: slot - DAY }
    const overlap = answer(factsOf({ run: run("overlap: a run of this goal is open"), rival }))
    assert.deepStrictEqual([overlap.verdict, overlap.sentence], [
      "skipped",
      "The slot of Tue 2026-11-24 09:00 Europe/Berlin was skipped: overlap: a run of this goal is open.",
    ])
    assert.strictEqual(
      overlap.because.at(-1),
      "The run that was open is that of Mon 2026-11-23 09:00 Europe/Berlin (SCH-0).",
    )
    assert.strictEqual(answer(factsOf({ run: run("missed: the goal skips missed slots") })).verdict, "skipped")
  })

  it("cancelled, by whom", () => {
    const run = runOf({ status: "cancelled", reason: "cancelled by ops:olga|x: enough" }, { closed_at: slot + MINUTE })
    assert.deepStrictEqual(told(factsOf({ run }), customer), [
      "cancelled",
      "The slot of Tue 2026-11-24 09:00 Europe/Berlin was cancelled at 09:01 by an operator: enough.",
    ])
    assert.strictEqual(reasonFor("cancelled by ops:olga|x: enough", everyone), "cancelled by ops:olga|x: enough")
    assert.strictEqual(reasonFor("cancelled by olga", customer), "cancelled by an operator")
    assert.strictEqual(reasonFor("the goal was deleted", customer), "the goal was deleted")
  })

  it("dead-lettered, and what became of the dead letter", () => {
    const run = runOf({ status: "dead_lettered", attempt: 5, reason: "dead-lettered: unavailable: away" })
    const letter = { dlq_id: "DLQ-1", error: "away", state: "open" as const, expires_at: now + DAY, closed_at: null }
    assert.deepStrictEqual(told(factsOf({ run, letter })), [
      "dead_lettered",
      "The slot of Tue 2026-11-24 09:00 Europe/Berlin failed for good after 5 attempts and was dead-lettered: " +
      "unavailable: away.",
    ])
    const last = (more: Partial<Facts>, naming = everyone) => answer(factsOf({ run, ...more }), naming).because.at(-1)
    assert.match(last({ letter })!, /^DLQ-1 is open until Wed 2026-11-25 13:00 Europe\/Berlin/)
    const closed = { ...letter, state: "discarded" as const, closed_at: now }
    const discard = { by: "olga", reason: "no use" }
    assert.strictEqual(last({ letter: closed, discard }), "DLQ-1 was discarded at 13:00 by olga: no use.")
    assert.strictEqual(
      last({ letter: closed, discard }, customer),
      "DLQ-1 was discarded at 13:00 by an operator: no use.",
    )
    assert.match(last({ letter: { ...closed, state: "expired" } })!, /^DLQ-1 expired at 13:00/)
    assert.match(last({ letter: { ...closed, state: "resolved" } })!, /^DLQ-1 was resolved/)
    assert.match(last({})!, /is removed/)
  })

  it("an execution that outlived its run still tells", () => {
    const old = {
      status: "completed" as const,
      started_at: slot + 1000,
      completed_at: slot + 2000,
      deliverable_id: "DEL-1",
      error: null,
    }
    assert.strictEqual(told(factsOf({ old }))[0], "ran")
    const failed = (type: string) =>
      told(factsOf({ old: { ...old, status: "failed", error: { type, message: "cancelled by olga: no" } } }), customer)
    assert.deepStrictEqual(["CANCELLED", "hire_not_runnable", "UNKNOWN"].map((type) => failed(type)[0]), [
      "cancelled",
      "cancelled",
      "dead_lettered",
    ])
    assert.notInclude(failed("CANCELLED")[1], "olga")
  })
})

describe("the verdict over a slot of which nothing is recorded", () => {
  it("missed", () => {
    const missed = { from: slot - DAY, to: slot, reason: "older than 24 h", recorded_at: now }
    const { because, verdict } = answer(factsOf({ missed }))
    assert.strictEqual(verdict, "missed")
    assert.match(because.at(-1)!, /^Recorded at .* of those from Mon .* to Tue .*: older than 24 h\.$/)
    assert.match(
      told(factsOf({ missed: { ...missed, reason: "the schedule can't be evaluated: x" } }))[1]!,
      /evaluated: x/,
    )
  })

  it("paused, and what its goal does after the resume", () => {
    for (
      const [missed, words] of [["each", "runs late"], ["latest", "the latest runs"], ["skip", "it skips"]] as const
    ) {
      const { because, verdict } = answer(
        factsOf({ undecided: slot, pauses: [pause] }, [rowOf({ schedule: { at: "09:00", missed } })]),
      )
      assert.strictEqual(verdict, "paused")
      assert.include(because.at(-1)!, words)
    }
    assert.strictEqual(answer(factsOf({ undecided: slot })).verdict, "waiting")
  })

  it("will run and will not, as things stand", () => {
    const ahead = { slot: now + DAY, starts_at: now + DAY + 5 * MINUTE, undecided: now + DAY }
    const will = answer(factsOf(ahead, [rowOf({ schedule: { at: "13:00", overlap: "skip" } })]))
    assert.deepStrictEqual([will.verdict, will.sentence], [
      "will_run",
      "The slot of Wed 2026-11-25 13:00 Europe/Berlin will run at 13:05.",
    ])
    assert.deepStrictEqual(will.because.slice(1), [
      "Its spread starts it 5 min after its slot, at 13:05.",
      "If a run of this goal is still open then, it is skipped: its overlap is skip.",
    ])
    assert.strictEqual(answer(factsOf({ ...ahead, pauses: [pause] })).verdict, "will_not_run")
    assert.deepStrictEqual(told(factsOf(ahead, [rowOf(off)])), [
      "will_not_run",
      "As things stand the slot of Wed 2026-11-25 13:00 Europe/Berlin will not run: the goal was switched off, since " +
      "Mon 2026-10-05 14:00 Europe/Berlin.",
    ])
  })

  it("not due: what held then says since when and until when, over edits that changed nothing of it", () => {
    const rows = [
      rowOf(),
      rowOf({ ...off, valid_from: slot - 3 * DAY }),
      rowOf({ ...off, valid_from: slot - 2 * DAY, schedule: { at: "08:00" } }),
      rowOf({ ...off, valid_from: slot - DAY }),
      rowOf({ valid_from: now - HOUR, schedule: { at: "10:00" } }),
    ]
    const { because, sentence, verdict } = answer(factsOf({}, rows))
    assert.deepStrictEqual([verdict, sentence], [
      "not_due",
      "The slot of Tue 2026-11-24 09:00 Europe/Berlin was not due: the goal was switched off, since " +
      "Sat 2026-11-21 09:00 Europe/Berlin until Tue 2026-11-24 12:00 Europe/Berlin.",
    ])
    assert.deepStrictEqual(because, [
      "At that time the rule was daily at 09:00 Europe/Berlin; it was changed to daily at 10:00 Europe/Berlin at " +
      "Tue 2026-11-24 12:00 Europe/Berlin.",
    ])
  })

  it("dropped by a change before it was decided", () => {
    const rows = [rowOf(), rowOf({ valid_from: slot + HOUR, schedule: { at: "10:00" } })]
    assert.deepStrictEqual(told(factsOf({}, rows)), [
      "cancelled",
      "The slot of Tue 2026-11-24 09:00 Europe/Berlin was dropped before it had begun: the goal was changed at " +
      "Tue 2026-11-24 10:00 Europe/Berlin.",
    ])
    const past = [rowOf(), rowOf({ valid_from: slot + HOUR, runs: false, reason: "The subscription is past due" })]
    assert.include(told(factsOf({}, past))[1], ": The subscription is past due at")
  })

  it("not known: before the goal was, older than runs are kept, or simply not recorded", () => {
    assert.strictEqual(answer(factsOf({ slot: now - 40 * DAY })).verdict, "not_known")
    assert.include(told(factsOf({ slot: now - 40 * DAY }))[1], "runs are kept for 30 days")
    assert.include(told(factsOf({}))[1], "nothing is recorded of it")
    const before = factsOf({ slot: null, at: now - 60 * DAY, segment: undefined })
    assert.deepStrictEqual(told(before), [
      "not_known",
      "It is not known whether anything was due: what the goal does is known here since Mon 2026-10-05 14:00 Europe/Berlin.",
    ])
    assert.strictEqual(answer(factsOf({ slot: null, segment: undefined, known_since: null }, [])).verdict, "not_known")
  })
})

describe("the verdict where there is no slot", () => {
  const none = { slot: null, starts_at: null }
  it("says the rule, and the slots around", () => {
    const facts = factsOf({ ...none, at: slot + HOUR, previous_slot: slot, next_slot: slot + DAY })
    assert.deepStrictEqual(told(facts), [
      "not_due",
      "No slot was due at Tue 2026-11-24 10:00 Europe/Berlin: the rule was daily at 09:00 Europe/Berlin; the one before is " +
      "Tue 2026-11-24 09:00 Europe/Berlin, the next is Wed 2026-11-25 09:00 Europe/Berlin.",
    ])
    assert.match(
      answer({ ...facts, segments: facts.segments, segment: segmentsOf([rowOf(off)])[0]! }).because.join(),
      /^Besides, the goal was/,
    )
  })

  it("deleted, on demand, a zone that is not known, a second coming", () => {
    const gone = rowOf({ runs: false, reason: "the goal was deleted", deleted: true, valid_from: slot - DAY })
    assert.match(told(factsOf(none, [rowOf(), gone]))[1]!, /^Nothing was due: the goal was deleted, since Mon/)
    assert.match(told(factsOf(none, [rowOf({ frequency: "on_demand", schedule: {} })]))[1]!, /runs on demand/)
    assert.match(
      told(factsOf(none, [rowOf({ timezone: "Mars/Olympus" })]))[1]!,
      /Mars\/Olympus\) can't be evaluated here/,
    )
    const second = at("2026-10-25T01:30:00Z")
    const facts = factsOf({ ...none, at: second }, [rowOf({ schedule: { at: "02:30" } })])
    assert.match(told(facts)[1]!, /came twice, and the rule .* counts it once, at the first, 1 h before/)
  })
})

describe("segments", () => {
  const rows = [
    rowOf({ valid_from: at("2026-11-01T00:00:00Z") }),
    rowOf({ ...off, valid_from: at("2026-11-10T00:00:00Z") }),
    rowOf({ valid_from: at("2026-11-20T08:00:00Z"), schedule: { at: "10:00", spread_seconds: 3600 } }),
  ]
  const segments = segmentsOf(rows)
  it("an instant belongs to what was written before it; a slot is that of the rule that held", () => {
    assert.strictEqual(segmentAt(segments, at("2026-11-20T08:00:00Z"))!.row, rows[1])
    assert.strictEqual(segmentAt(segments, at("2026-11-20T08:00:00.001Z"))!.row, rows[2])
    assert.strictEqual(segmentAt(segments, at("2026-11-01T00:00:00Z")), undefined)
    const eight = at("2026-11-20T08:00:00Z")
    assert.strictEqual(slotIn(segments, eight, eight + MINUTE)?.segment.row, rows[1])
    assert.strictEqual(slotIn(segments, eight + DAY, eight + DAY + MINUTE), undefined)
    const nine = eight + DAY + HOUR
    assert.strictEqual(slotIn(segments, nine, nine + 1)?.slot, nine)
  })

  it("the slots around are those that were to run, by the rules that held", () => {
    const middle = at("2026-11-15T12:00:00Z")
    assert.strictEqual(previousSlot(segments, middle), at("2026-11-09T08:00:00Z"))
    assert.strictEqual(nextSlot(segments, middle), at("2026-11-20T09:00:00Z"))
    assert.strictEqual(previousSlot(segments, at("2026-11-01T08:00:00Z")), null)
    assert.strictEqual(nextSlot(segmentsOf(rows.slice(0, 2)), middle), null)
  })

  it("a slot is found by the minute in which its spread starts it", () => {
    const named = slotIn(segments, at("2026-11-22T00:00:00Z"), at("2026-11-23T00:00:00Z"), true)!
    assert.strictEqual(named.slot, at("2026-11-22T09:00:00Z"))
  })
})

describe("pauses", () => {
  const line = (action: "pause" | "resume", timestamp: number, more: Partial<ActionRow> = {}): ActionRow => ({
    log_id: `LOG-${timestamp}`,
    action,
    operator: "olga",
    timestamp,
    goal_instance_id: null,
    reason: null,
    action_metadata: {},
    ...more,
  })
  it("are told from their lines, each scope by itself; a resume knows its pause", () => {
    const scope = { hired_instance_id: "HAI-1" }
    const pauses = pausesOf([
      line("resume", 500, { action_metadata: { scope, paused_by: "otto", paused_at: new Date(100).toISOString() } }),
      line("pause", 200, { reason: "deploy" }),
      line("resume", 300, {
        operator: "otto",
        action_metadata: { paused_by: "olga", paused_at: new Date(199).toISOString() },
      }),
      line("pause", 600, { action_metadata: { scope } }),
    ])
    assert.deepStrictEqual(pauses.map((p) => [p.paused_at, p.paused_by, p.reason, p.resumed_at, p.resumed_by]), [
      [100, "otto", null, 500, "olga"],
      [199, "olga", "deploy", 300, "otto"],
      [600, "olga", null, null, null],
    ])
    assert.strictEqual(touching(pauses, 300, 499).length, 1)
    assert.strictEqual(touching(pauses, 500, 700).length, 1)
    assert.strictEqual(touching(pauses, 0, 99).length, 0)
  })
})

describe("words", () => {
  it("name rules, times and lengths", () => {
    assert.strictEqual(
      ruleInWords({ frequency: "monthly", at: "09:00", day_of_month: 31, timezone: "UTC" }),
      "monthly on day 31 (or the month's last) at 09:00 UTC",
    )
    assert.strictEqual(ruleInWords({ frequency: "cron", cron: "0 9 * * *", timezone: "UTC" }), "cron 0 9 * * * in UTC")
    assert.deepStrictEqual([0, 999, 1000, 61_000, HOUR, 90_061_000].map(lasting), [
      "0 ms",
      "999 ms",
      "1 s",
      "1 min 1 s",
      "1 h",
      "1 d 1 h",
    ])
    const times = timesOf("Asia/Kolkata")
    assert.strictEqual(times.full(slot), "Tue 2026-11-24 13:30 Asia/Kolkata")
    assert.strictEqual(times.brief(slot + 12 * HOUR, slot), "Wed 2026-11-25 01:30")
    assert.strictEqual(timesOf("Mars/Olympus").full(slot), "Tue 2026-11-24 08:00 UTC")
  })
})

describe("every combination of facts", () => {
  const near = Schema.Int.check(Schema.isBetween({ minimum: now - 100 * DAY, maximum: now + 100 * DAY }))
  const maybe = Schema.NullOr(near)
  const who = Schema.Literals(["ops.secret", "acme", "system"])
  const Row = Schema.Struct({
    valid_from: near,
    frequency: Frequency,
    schedule: Schema.Literals(["{}", '{"cron":"*/5 * * * *"}', '{"at":"02:30","spread_seconds":600}', '{"cron":"no"}']),
    timezone: Schema.Literals(["UTC", "Europe/Berlin", "Mars/Olympus"]),
    on: Schema.Boolean,
    deleted: Schema.Boolean,
  })
  const Attempts = Schema.Array(
    Schema.Struct({ started_at: near, ended_at: maybe, failed: Schema.Boolean }),
  ).check(Schema.isMaxLength(5))
  const Case = Schema.Struct({
    rows: Schema.Array(Row).check(Schema.isMaxLength(4)),
    at: near,
    slot: maybe,
    spread: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 86_400_000 })),
    run: Schema.NullOr(Schema.Struct({
      status: RunStatus,
      origin: RunOrigin,
      reason: Schema.NullOr(Schema.Literals([
        "overlap: a run of this goal is open",
        "missed: a later slot runs instead",
        "cancelled by ops.secret: enough",
        "dead-lettered: UNKNOWN: no",
        "the goal was deleted",
      ])),
      attempts: Attempts,
      claimable_at: maybe,
      forced: Schema.Boolean,
      closed_at: maybe,
      made_at: maybe,
      asked_by: Schema.NullOr(who),
      skipped_for: Schema.NullOr(Schema.Literal("missed: x")),
    })),
    old: Schema.NullOr(Schema.Struct({
      status: Schema.Literals(["pending", "running", "completed", "failed"]),
      started_at: near,
      completed_at: maybe,
      deliverable_id: Schema.NullOr(Schema.Literal("DEL-1")),
      error: Schema.NullOr(Schema.Struct({
        type: Schema.Literals(["CANCELLED", "goal_not_found", "UNKNOWN"]),
        message: Schema.Literals(["cancelled by ops.secret", "no"]),
      })),
    })),
    missed: Schema.NullOr(
      Schema.Struct({ from: near, to: near, reason: Schema.Literals(["older than 24 h", "x"]), recorded_at: near }),
    ),
    undecided: maybe,
    letter: Schema.NullOr(Schema.Struct({
      dlq_id: Schema.Literal("DLQ-1"),
      error: Schema.NullOr(Schema.Literal("no")),
      state: DeadLetterState,
      expires_at: near,
      closed_at: maybe,
    })),
    discard: Schema.NullOr(Schema.Struct({ by: who, reason: Schema.NullOr(Schema.Literal("no use")) })),
    pauses: Schema.Array(Schema.Struct({
      scope: Schema.Literals(["", "hired_instance_id", "customer_id"]),
      paused_at: near,
      paused_by: who,
      reason: Schema.NullOr(Schema.Literal("deploy")),
      resumed_at: maybe,
      resumed_by: Schema.NullOr(who),
    })).check(Schema.isMaxLength(3)),
    ahead: Schema.NullOr(near),
    limits: Schema.Array(
      Schema.Struct({
        kind: Schema.Literals(["customer", "agent_type"]),
        subject: Schema.Literal("x"),
        max_running: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 })),
      }),
    ).check(Schema.isMaxLength(2)),
    rival: Schema.NullOr(near),
    previous_slot: maybe,
    next_slot: maybe,
  })
  const factsOfCase = (one: typeof Case.Type): Facts => {
    const rows = one.rows.toSorted((a, b) => a.valid_from - b.valid_from).map(({ deleted, on, schedule, ...row }) =>
      rowOf({
        ...row,
        schedule: JSON.parse(schedule),
        runs: on && !deleted,
        reason: deleted ? "the goal was deleted" : on ? null : "the goal was switched off",
        deleted,
      })
    )
    const segments: ReadonlyArray<Segment> = segmentsOf(rows)
    return {
      now,
      at: one.at,
      segments,
      segment: segmentAt(segments, one.slot ?? one.at),
      known_since: rows[0]?.valid_from ?? null,
      slot: one.slot,
      starts_at: one.slot === null ? null : one.slot + one.spread,
      run: one.run === null ? null : runOf({
        status: one.run.status,
        origin: one.run.origin,
        reason: one.run.reason,
        attempt: one.run.attempts.length,
        attempts: one.run.attempts.map((a, nth) => ({
          ...attempt(nth + 1, a.started_at, a.failed ? "UNKNOWN" : undefined),
          ended_at: a.ended_at === null ? null : DateTime.makeUnsafe(a.ended_at),
        })),
      }, one.run),
      old: one.old,
      missed: one.missed,
      undecided: one.undecided,
      letter: one.letter,
      discard: one.discard,
      pauses: one.pauses.map(({ scope, ...rest }) => ({ ...rest, scope: scope === "" ? {} : { [scope]: "x" } })),
      ahead: one.ahead === null ? null : { scheduled_run_id: "SCH-0", slot: one.ahead, count: 2 },
      limits: one.limits,
      rival: one.rival === null ? null : { scheduled_run_id: "SCH-0", slot: one.rival },
      previous_slot: one.previous_slot,
      next_slot: one.next_slot,
    }
  }
  const encode = Schema.encodeSync(Explanation)
  const verdicts = new Set<string>(Verdict.literals)

  it.prop(
    "has one answer, whole sentences, that goes over the wire; a customer reads no operator's name",
    { one: Arbitrary.schema(Case) },
    ({ one }) => {
      const facts = factsOfCase(one)
      for (const naming of [everyone, customer]) {
        const judgement = judge(facts, naming, kept)
        assert.isTrue(verdicts.has(judgement.verdict))
        for (const sentence of [judgement.sentence, ...judgement.because]) {
          assert.match(sentence, /^[A-Z].*\.$/)
          assert.notMatch(sentence, /undefined|null|NaN|Infinity|\.\.$/)
        }
        const wire = JSON.stringify(encode(explanationOf("GOI-1" as never, facts, judgement, naming)))
        if (naming === customer) assert.notInclude(wire, "ops.secret")
      }
    },
    { arbitrary: { runs: 2000 } },
  )
})
