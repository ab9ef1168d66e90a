/** Every combination of facts has an answer. */
import { assert, it } from "@effect/vitest"
import { Frequency } from "@stint/domain/Definition"
import { Explanation, Verdict } from "@stint/domain/scheduler/Answers"
import { DeadLetterState } from "@stint/domain/scheduler/DeadLetters"
import { DropCode, MissedCode, ReasonCode } from "@stint/domain/scheduler/ReasonCodes"
import { RunOrigin, RunStatus } from "@stint/domain/scheduler/Runs"
import { Arbitrary, Schema } from "effect"
import type { Facts, RunFacts } from "../src/Answers/Facts.ts"
import { segmentAt, segmentsOf } from "../src/Timeline.ts"
import { why } from "../src/Answers/Why.ts"
import { explanationOf } from "../src/Answers/Wire.ts"
import { customer, DAY, factsOf, failedAttempt, now, operator, runOf, versionOf } from "./AnswersFacts.ts"

const near = Schema.Int.check(Schema.isBetween({ minimum: now - 100 * DAY, maximum: now + 100 * DAY }))
const maybe = Schema.NullOr(near)
const who = Schema.Literals(["ops.secret", "acme", "system"])

const Version = Schema.Struct({
  valid_from: near,
  frequency: Frequency,
  schedule: Schema.Literals(["{}", '{"cron":"*/5 * * * *"}', '{"at":"02:30","spread_seconds":600}', '{"cron":"no"}']),
  timezone: Schema.Literals(["UTC", "Europe/Berlin", "Mars/Olympus"]),
  on: Schema.Boolean,
  deleted: Schema.Boolean,
})
const RunCase = Schema.Struct({
  status: RunStatus,
  origin: RunOrigin,
  reason_code: Schema.NullOr(ReasonCode),
  cancel_reason: Schema.NullOr(Schema.Literal("enough")),
  failed: Schema.Array(near).check(Schema.isMaxLength(5)),
  started_at: maybe,
  ended_at: maybe,
  claimable_at: maybe,
  forced: Schema.Boolean,
  closed_at: maybe,
  made_at: maybe,
  asked_by: Schema.NullOr(who),
  skipped_for: Schema.NullOr(Schema.Literal("missed: x")),
})
const Case = Schema.Struct({
  versions: Schema.Array(Version).check(Schema.isMaxLength(4)),
  at: near,
  slot: maybe,
  spread: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 86_400_000 })),
  run: Schema.NullOr(RunCase),
  old: Schema.NullOr(Schema.Struct({
    status: Schema.Literals(["pending", "running", "completed", "failed"]),
    started_at: near,
    completed_at: maybe,
    deliverable_id: Schema.NullOr(Schema.Literal("DEL-1")),
    error: Schema.NullOr(Schema.Literals(["CANCELLED", "goal_not_found", "UNKNOWN"])),
  })),
  missed: Schema.NullOr(
    Schema.Struct({
      from: near,
      to: near,
      reason: Schema.Literals(["older than 24 h", "x"]),
      reason_code: MissedCode,
      recorded_at: near,
    }),
  ),
  dropped: Schema.NullOr(
    Schema.Struct({
      from: near,
      to: near,
      reason: Schema.Literal("its schedule was changed"),
      reason_code: DropCode,
      recorded_at: near,
    }),
  ),
  undecided: maybe,
  deadLetter: Schema.NullOr(Schema.Struct({
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
  ahead: maybe,
  limits: Schema.Array(Schema.Literals(["customer", "agent_type"])).check(Schema.isMaxLength(2)),
  rival: maybe,
  previous_slot: maybe,
  next_slot: maybe,
})

const runCase = (one: typeof RunCase.Type): RunFacts => {
  const byOperator = one.reason_code === "cancelled_by_operator"
  return runOf({
    status: one.status,
    origin: one.origin,
    reason: byOperator ? "cancelled by ops.secret: enough" : one.reason_code,
    reason_code: one.reason_code,
    cancelled_by: byOperator ? "ops.secret" : null,
    cancel_reason: byOperator ? one.cancel_reason : null,
    attempt: one.failed.length,
    started_at: one.started_at,
    ended_at: one.ended_at,
    failed_attempts: one.failed.map((begun, nth) => failedAttempt(nth + 1, begun, "UNKNOWN")),
  }, {
    claimable_at: one.claimable_at,
    forced: one.forced,
    closed_at: one.closed_at,
    made_at: one.made_at,
    asked_by: one.asked_by,
    skipped_for: one.skipped_for,
  })
}

const oldCase = ({ error, ...old }: NonNullable<typeof Case.Type["old"]>): NonNullable<Facts["old"]> => ({
  ...old,
  error: error === null
    ? null
    : error === "CANCELLED"
    ? { type: error, message: "cancelled by ops.secret", cancelled_by: "ops.secret" }
    : { type: error, message: "no" },
})

const otherRun = (slot: number | null) => slot === null ? null : { scheduled_run_id: "SCH-0", slot }

const factsOfCase = (one: typeof Case.Type): Facts => {
  const versions = one.versions.toSorted((a, b) => a.valid_from - b.valid_from)
    .map(({ deleted, on, schedule, ...version }) =>
      versionOf({
        ...version,
        schedule: JSON.parse(schedule),
        runs: on && !deleted,
        reason: deleted ? "the goal was deleted" : on ? null : "the goal was switched off",
        deleted,
      })
    )
  const segments = segmentsOf(versions)
  const ahead = otherRun(one.ahead)
  return {
    ...factsOf({}, versions),
    at: one.at,
    segment: segmentAt(segments, one.slot ?? one.at),
    segments,
    slot: one.slot,
    starts_at: one.slot === null ? null : one.slot + one.spread,
    run: one.run === null ? null : runCase(one.run),
    old: one.old === null ? null : oldCase(one.old),
    missed: one.missed,
    dropped: one.dropped,
    undecided: one.undecided,
    deadLetter: one.deadLetter === null ? null : { dlq_id: "DLQ-1" as never, ...one.deadLetter },
    discard: one.discard,
    pauses: one.pauses.map(({ scope, ...rest }) => ({ ...rest, scope: scope === "" ? {} : { [scope]: "x" } })),
    ahead: ahead === null ? null : { ...ahead, count: 2 },
    limits: one.limits.map((kind) => ({ kind, subject: "x", max_running: 3 })),
    rival: otherRun(one.rival),
    previous_slot: one.previous_slot,
    next_slot: one.next_slot,
  }
}

const encode = Schema.encodeSync(Explanation)
const verdicts = new Set<string>(Verdict.literals)

it.prop(
  "every combination of facts has one verdict and whole sentences, and can be sent; a customer reads no operator's name",
  { one: Arbitrary.schema(Case) },
  ({ one }) => {
    const facts = factsOfCase(one)
    for (const naming of [operator, customer]) {
      const judgement = why(facts, naming)
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
