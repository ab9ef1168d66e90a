/** Pure: what a mandate may cover, and whether it covers a draft (domain.md, "Mandates"). */
import { type AgentTypeDefinition, findTemplate } from "@stint/domain/Definition"
import {
  LONGEST_DAYS,
  type Mandate,
  type MandateState,
  type NewMandate,
  type Uncovered,
} from "@stint/domain/deliverables/Mandates"
import { MandatesForbidden } from "@stint/domain/deliverables/Mandates"
import { type Rule, stoppedBy } from "@stint/domain/deliverables/Mandates/Rules"
import type { LookedUpGoal } from "@stint/domain/hiring/Feed"
import { InvalidRequest } from "@stint/domain/Problem"
import { DraftPayload, validationErrors } from "@stint/domain/Payload"
import { DateTime, Result, Schema } from "effect"
import { periodOf } from "./Periods.ts"
import type { DraftRow, MandateRow } from "./Row.ts"

const invalid = (path: string, message: string) =>
  new InvalidRequest({ detail: `${path} ${message}`, errors: [{ path: `$.${path}`, message }] })

/** It would be valid no more. */
export const notAhead = invalid("valid_until", "must be in the future")

/** Fails unless it is valid until an instant ahead, at most 366 days away. */
export const validFor = ({ valid_until }: NewMandate, now: DateTime.Utc): Result.Result<void, InvalidRequest> =>
  DateTime.isLessThanOrEqualTo(valid_until, now)
    ? Result.fail(notAhead)
    : DateTime.isGreaterThan(valid_until, DateTime.add(now, { days: LONGEST_DAYS }))
    ? Result.fail(invalid("valid_until", `must be at most ${LONGEST_DAYS} days away`))
    : Result.void

/** Fails unless goal and template are of the hire, and its definition lets a mandate approve any of their drafts. */
export const inScope = (
  asked: NewMandate,
  definition: AgentTypeDefinition,
  goal: LookedUpGoal | undefined,
): Result.Result<void, InvalidRequest | MandatesForbidden> => {
  const { goal_instance_id, goal_template_id, hired_instance_id } = asked
  if (goal_instance_id !== undefined && goal?.hired_instance_id !== hired_instance_id) {
    return Result.fail(invalid("goal_instance_id", `is no goal of ${hired_instance_id}`))
  }
  const named = goal_template_id ?? goal?.goal_template_id
  if (goal_template_id !== undefined && findTemplate(definition, goal_template_id) === undefined) {
    return Result.fail(
      invalid("goal_template_id", `is no template of ${definition.agent_type_id}@${definition.version}`),
    )
  }
  const templates = definition.goal_templates.filter((one) => named === undefined || one.goal_template_id === named)
  return templates.some(({ approval }) => approval?.mandates !== false) ? Result.void : Result.fail(
    new MandatesForbidden({
      detail: `${definition.agent_type_id} wants a person's approval for each draft of ${named ?? "every template"}`,
    }),
  )
}

/** A mandate on the wire, with its uses of the present period. */
export const toMandate = (row: MandateRow, uses_in_period: number): Mandate => {
  const { now, ...rest } = row
  const { endsAt } = presentPeriod(row)
  const state: MandateState = row.revoked_at !== null
    ? "revoked"
    : DateTime.isLessThanOrEqualTo(row.valid_until, now)
    ? "expired"
    : uses_in_period >= row.max_uses
    ? "used_up"
    : "active"
  return { ...rest, state, uses_in_period, period_ends_at: DateTime.makeUnsafe(endsAt) }
}

/** The period that it is now. */
export const presentPeriod = ({ now, per, timezone }: Pick<MandateRow, "now" | "per" | "timezone">) =>
  periodOf(per, timezone, DateTime.toEpochMillis(now))

const decodePayload = Schema.decodeUnknownOption(DraftPayload)

/** Why no mandate approves a draft; undefined when one may. Content that is no draft could be anything. */
export const unapprovable = ({ approval_rules, payload }: Pick<DraftRow, "approval_rules" | "payload">):
  | Exclude<Uncovered, "rule">
  | undefined => {
  if (approval_rules?.mandates === false) return "template_forbids"
  const draft = decodePayload(payload)
  return draft._tag === "None" || validationErrors(draft.value).length > 0 ? "validation_errors" : undefined
}

/** Why rules do not cover a draft, and where; undefined when they do. */
export const uncovered = (rules: ReadonlyArray<Rule>, draft: Pick<DraftRow, "approval_rules" | "payload">) => {
  const why = unapprovable(draft)
  if (why !== undefined) return { why, rule: null, path: null }
  const stopped = stoppedBy(rules, draft.payload)
  return stopped === undefined ? undefined : { why: "rule" as const, ...stopped }
}
