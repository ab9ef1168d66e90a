/** What a goal template asks of the approvals of its drafts: in time, by how many, by whom (domain.md, "Expiry and quorum"). */
import { Schema } from "effect"

/** The longest time that a rule may name: 366 days, in seconds. */
const LONGEST = 366 * 24 * 3600

const seconds = (description: string) =>
  Schema.optionalKey(
    Schema.Int.check(
      Schema.isBetween({ minimum: 1, maximum: LONGEST }, { message: `must be a whole number, 1 to ${LONGEST}` }),
    ).annotate({ description }),
  )

/** The rules of a template's approvals. What is left out does not bind. */
export const ApprovalRules = Schema.Struct({
  expires_after_seconds: seconds("How long a revision can be decided on; then it has expired, which is final"),
  valid_for_seconds: seconds("How long an approval is good for; an execution after it is 409 approval_expired"),
  quorum: Schema.optionalKey(
    Schema.Int.check(
      Schema.isBetween({ minimum: 1, maximum: 5 }, { message: "must be a whole number, 1 to 5" }),
    ).annotate({ description: "How many different people must approve a revision; 1 when it is left out" }),
  ),
  separate_editor: Schema.optionalKey(
    Schema.Boolean.annotate({
      description: "true: who wrote the current revision can't be one of those who approve it",
    }),
  ),
  mandates: Schema.optionalKey(
    Schema.Boolean.annotate({ description: "false: no mandate may approve; each draft needs its people" }),
  ),
}).annotate({ identifier: "ApprovalRules" })
export type ApprovalRules = typeof ApprovalRules.Type

/** How many different people must approve. */
export const quorumOf = (rules: ApprovalRules | null): number => rules?.quorum ?? 1
