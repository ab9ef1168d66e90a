/** Pure: an explanation as it goes to its reader, without the names that are not for a customer. */
import type { Explanation } from "@stint/domain/scheduler/Answers"
import type { CustomerId, DlqId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import { Run } from "@stint/domain/scheduler/Runs"
import { DateTime } from "effect"
import type { Facts } from "./Facts.ts"
import { type Judgement, reasonFor } from "./Judgement.ts"
import type { Naming } from "./Words.ts"

const when = (millis: number | null) => millis === null ? null : DateTime.makeUnsafe(millis)

/** The answer of facts and the judgement over them. */
export const explanationOf = (
  goal_instance_id: GoalInstanceId,
  facts: Facts,
  { because, sentence, verdict }: Judgement,
  naming: Naming,
): Explanation => ({
  goal_instance_id,
  at: DateTime.makeUnsafe(facts.at),
  verdict,
  sentence,
  because,
  slot: when(facts.slot),
  starts_at: when(facts.starts_at),
  run: facts.run === null ? null : Run.make({
    ...facts.run.run,
    reason: facts.run.run.reason === null ? null : reasonFor(facts.run.run.reason, naming),
  }),
  dead_letter: facts.letter === null
    ? null
    : { dlq_id: facts.letter.dlq_id as DlqId, error: facts.letter.error, state: facts.letter.state },
  missed: facts.missed === null ? null : {
    from: DateTime.makeUnsafe(facts.missed.from),
    to: DateTime.makeUnsafe(facts.missed.to),
    reason: facts.missed.reason,
  },
  pauses: facts.pauses.map(({ paused_at, paused_by, resumed_at, resumed_by, reason, scope }) => ({
    scope: scope.hired_instance_id !== undefined
      ? { hired_instance_id: scope.hired_instance_id as HiredInstanceId }
      : scope.customer_id !== undefined
      ? { customer_id: scope.customer_id as CustomerId }
      : null,
    paused_at: DateTime.makeUnsafe(paused_at),
    paused_by: naming(paused_by),
    reason,
    resumed_at: when(resumed_at),
    resumed_by: resumed_by === null ? null : naming(resumed_by),
  })),
  previous_slot: when(facts.previous_slot),
  next_slot: when(facts.next_slot),
})
