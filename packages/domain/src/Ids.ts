/** Identifiers: a prefix and a time-ordered uuid. No pattern is checked: an ill-formed one is a 404, like an unknown one. */
import { Schema } from "effect"
import { ID_CHARS } from "./Bounds.ts"
import { subjectPattern, subjectRule } from "./Tokens.ts"

const id = (prefix: string, description: string) =>
  Schema.String.check(Schema.isMaxLength(ID_CHARS, { message: `must have at most ${ID_CHARS} characters` })).annotate({
    description,
    examples: [`${prefix}-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11`],
  })

/** A subscription of a customer to an agent type (`SUB-`). */
export const SubscriptionId = id("SUB", "A subscription").pipe(Schema.brand("SubscriptionId"))
export type SubscriptionId = typeof SubscriptionId.Type

/** A hired agent (`HAI-`). */
export const HiredInstanceId = id("HAI", "A hired agent").pipe(Schema.brand("HiredInstanceId"))
export type HiredInstanceId = typeof HiredInstanceId.Type

/** A goal of a hired agent (`GOI-`). */
export const GoalInstanceId = id("GOI", "A goal of a hired agent").pipe(Schema.brand("GoalInstanceId"))
export type GoalInstanceId = typeof GoalInstanceId.Type

/** A draft with its review and execution (`DEL-`). */
export const DeliverableId = id("DEL", "A deliverable").pipe(Schema.brand("DeliverableId"))
export type DeliverableId = typeof DeliverableId.Type

/** One decision on a deliverable (`APR-`). */
export const ApprovalId = id("APR", "An approval or a rejection").pipe(Schema.brand("ApprovalId"))
export type ApprovalId = typeof ApprovalId.Type

/** A rule that signs in place of a person (`MAN-`). */
export const MandateId = id("MAN", "A mandate").pipe(Schema.brand("MandateId"))
export type MandateId = typeof MandateId.Type

/** A message to a person (`NTC-`). */
export const NoticeId = id("NTC", "A notice").pipe(Schema.brand("NoticeId"))
export type NoticeId = typeof NoticeId.Type

/** A trial of the lead-generation kind (`TRL-`). */
export const TrialId = id("TRL", "A trial before there is a subscription").pipe(Schema.brand("TrialId"))
export type TrialId = typeof TrialId.Type

/** A file that was made in a trial (`TRD-`). */
export const TrialDeliverableId = id("TRD", "A deliverable of a trial").pipe(Schema.brand("TrialDeliverableId"))
export type TrialDeliverableId = typeof TrialDeliverableId.Type

/** The run of a goal's slot (`SCH-`). */
export const ScheduledRunId = id("SCH", "A scheduled run").pipe(Schema.brand("ScheduledRunId"))
export type ScheduledRunId = typeof ScheduledRunId.Type

/** The execution of a scheduled run, created at its first claim (`RUN-`). */
export const RunId = id("RUN", "The execution of a run").pipe(Schema.brand("RunId"))
export type RunId = typeof RunId.Type

/** An entry of the dead letter queue (`DLQ-`). */
export const DlqId = id("DLQ", "A dead letter").pipe(Schema.brand("DlqId"))
export type DlqId = typeof DlqId.Type

/** A line of the scheduler's action log (`LOG-`). */
export const LogId = id("LOG", "A line of the action log").pipe(Schema.brand("LogId"))
export type LogId = typeof LogId.Type

/**
 * The subject of a token: 1 to 128 of `A-Za-z0-9._:@|-`, since the identity provider may be another's (api.md, "Who may
 * do what"). A customer's subject is its customer id.
 */
export const Subject = Schema.String.check(
  Schema.isPattern(subjectPattern, { message: `must be ${subjectRule}` }),
).annotate({ description: "Who a token speaks for", examples: ["ops.asha"] })

/** A customer: the subject of its tokens. */
export const CustomerId = Subject.annotate({ description: "A customer: the subject of its tokens", examples: ["acme"] })
  .pipe(Schema.brand("CustomerId"))
export type CustomerId = typeof CustomerId.Type

/** The id of an agent type, the same in every version; also called `agent_id` (api.md). */
export const AgentTypeId = Schema.String.check(
  Schema.isMaxLength(ID_CHARS, { message: `must have at most ${ID_CHARS} characters` }),
).annotate({ examples: ["marketing.healthcare.v1"] }).pipe(
  Schema.brand("AgentTypeId"),
)
export type AgentTypeId = typeof AgentTypeId.Type

/** A goal template of the hire's definition. No pattern is checked: an unknown one is a fault of the goal. */
export const GoalTemplateId = Schema.String.annotate({
  description: "A goal template of the hire's agent type",
  examples: ["marketing.daily_micro_post.v1"],
})

/** A version in a request or a row. No format is checked: an ill-formed one is not found. */
export const NamedVersion = Schema.String.annotate({ description: "A version of an agent type", examples: ["1.0.0"] })
