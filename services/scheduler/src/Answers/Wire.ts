/** Pure: an explanation as its reader sees it, without the names that are not for a customer. */
import type { CustomerId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import type { Explanation } from "@stint/domain/scheduler/Answers"
import { DateTime } from "effect"
import type { Naming } from "../Names.ts"
import { toRun } from "../Runs/Wire.ts"
import type { Facts } from "./Facts.ts"
import type { Pause } from "./Pauses.ts"
import type { Judgement } from "./Why/Judgement.ts"

const when = (millis: number | null) => millis === null ? null : DateTime.makeUnsafe(millis)

const toScope = ({ customer_id, hired_instance_id }: Pause["scope"]): Explanation["pauses"][number]["scope"] =>
  hired_instance_id !== undefined
    ? { hired_instance_id: hired_instance_id as HiredInstanceId }
    : customer_id !== undefined
    ? { customer_id: customer_id as CustomerId }
    : null

/** The explanation of facts. */
export const explanationOf = (
  goal_instance_id: GoalInstanceId,
  facts: Facts,
  { because, sentence, verdict }: Judgement,
  naming: Naming,
): Explanation => ({
  goal_instance_id,
  at: DateTime.makeUnsafe(facts.at),
  verdict,
  reason_code: facts.run?.run.reason_code ?? facts.missed?.reason_code ?? facts.dropped?.reason_code ?? null,
  sentence,
  because,
  slot: when(facts.slot),
  starts_at: when(facts.starts_at),
  run: facts.run === null ? null : toRun(facts.run.run, naming),
  dead_letter: facts.deadLetter === null
    ? null
    : { dlq_id: facts.deadLetter.dlq_id, error: facts.deadLetter.error, state: facts.deadLetter.state },
  missed: facts.missed === null ? null : {
    from: DateTime.makeUnsafe(facts.missed.from),
    to: DateTime.makeUnsafe(facts.missed.to),
    reason: facts.missed.reason,
  },
  pauses: facts.pauses.map(({ paused_at, paused_by, reason, resumed_at, resumed_by, scope }) => ({
    scope: toScope(scope),
    paused_at: DateTime.makeUnsafe(paused_at),
    paused_by: naming(paused_by),
    reason,
    resumed_at: when(resumed_at),
    resumed_by: resumed_by === null ? null : naming(resumed_by),
  })),
  previous_slot: when(facts.previous_slot),
  next_slot: when(facts.next_slot),
})
