/** Facts about a slot of a goal, for the pure tests of answers: nothing is recorded unless it is given. */
import type { Facts, RunFacts } from "../src/Answers/Facts.ts"
import type { Pause } from "../src/Answers/Pauses.ts"
import { segmentAt, segmentsOf } from "../src/Timeline.ts"
import { why } from "../src/Answers/Why.ts"
import { namingFor } from "../src/Names.ts"
import type { GoalVersion } from "../src/Model.ts"
import type { RunRow } from "../src/Runs/Row.ts"

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
/** Epoch ms. */
export const now = Date.parse("2026-11-24T12:00:00Z")
/** 09:00 in Berlin. */
export const slot = Date.parse("2026-11-24T08:00:00Z")

/** An operator's naming: every subject as it is. */
export const operator = namingFor({ role: "operator", subject: "olga" as never })
/** A customer's naming. */
export const customer = namingFor({ role: "customer", subject: "acme" as never })

/** A version of the goal, daily at 09:00 in Berlin for 50 days. */
export const versionOf = (more: Partial<GoalVersion> = {}): GoalVersion => ({
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
/** What a version has of a goal that is switched off. */
export const off = { runs: false, reason: "the goal was switched off" }

/** Facts about the slot of a goal with these versions. */
export const factsOf = (more: Partial<Facts> = {}, versions: ReadonlyArray<GoalVersion> = [versionOf()]): Facts => {
  const segments = segmentsOf(versions)
  const about = more.slot === undefined ? slot : more.slot
  return {
    now,
    at: about ?? slot,
    segments,
    segment: segmentAt(segments, about ?? more.at ?? slot),
    known_since: versions[0]?.valid_from ?? null,
    slot: about,
    starts_at: about,
    run: null,
    old: null,
    missed: null,
    dropped: null,
    undecided: null,
    deadLetter: null,
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

/** A run of the slot, pending unless it says. */
export const runOf = (run: Partial<RunRow> = {}, more: Partial<RunFacts> = {}): RunFacts => ({
  run: {
    scheduled_run_id: "SCH-1" as never,
    goal_instance_id: "GOI-1" as never,
    hired_instance_id: "HAI-1" as never,
    customer_id: "acme" as never,
    agent_id: "gardening.v1" as never,
    scheduled_time: slot,
    origin: "schedule",
    status: "pending",
    reason: null,
    reason_code: null,
    cancelled_by: null,
    cancel_reason: null,
    idempotency_key: "GOI-1:x",
    run_id: null,
    deliverable_id: null,
    attempt: 0,
    next_attempt_at: null,
    started_at: null,
    ended_at: null,
    making: null,
    failed_attempts: [],
    ...run,
  },
  claimable_at: null,
  forced: false,
  closed_at: null,
  made_at: slot,
  asked_by: null,
  skipped_for: null,
  ...more,
})

/** An attempt that failed after a second. */
export const failedAttempt = (attempt: number, begun: number, type: string) => ({
  attempt,
  started_at: begun,
  ended_at: begun + 1000,
  error_details: { type, message: "said the test", attempt },
})

/** A pause of the whole scheduler that lasts. */
export const pause: Pause = {
  scope: {},
  paused_at: slot - HOUR,
  paused_by: "olga",
  reason: "deploy",
  resumed_at: null,
  resumed_by: null,
}

/** The verdict of facts. */
export const verdictOf = (facts: Facts) => why(facts, operator).verdict

/** An answer as a page: the verdict, the sentence and the reasons, one a line. */
export const pageOf = (facts: Facts, naming = operator): string => {
  const { because, sentence, verdict } = why(facts, naming)
  return [verdict, sentence, ...because].join("\n")
}
