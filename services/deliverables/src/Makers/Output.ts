/**
 * Decodes what a slow maker returned to a draft (domain.md, "Makers"). Whatever it says of itself, the ids, the type and what
 * executing does are ours: a maker decides nothing but its text.
 */
import { marketingHealthcare } from "@stint/domain/agents/marketing_healthcare/Definition"
import { MarketingDraftBatch } from "@stint/domain/agents/marketing_healthcare/Payload"
import { derive } from "@stint/domain/Definition/Derive"
import type { GoalTemplate } from "@stint/domain/Definition"
import { fieldIssues } from "@stint/domain/FieldIssues"
import type { FieldIssue } from "@stint/domain/Problem"
import { Result, Schema } from "effect"
import type { Draft } from "./Maker.ts"
import type { MakingInput } from "./SlowMaker.ts"
import { isStorable } from "./Storable.ts"

/** The most characters of a title, in code points. */
const TITLE = 200
/** The most characters of a body. */
const BODY = 100_000

const text = (max: number) =>
  Schema.String.check(
    Schema.isPattern(/\S/, { message: "must not be blank" }),
    Schema.makeFilter((value: string) =>
      value.length <= max || [...value].length <= max || `must have at most ${max} characters`
    ),
  )

const title = text(TITLE)
const body = text(BODY)

const { brand_name, suggested_schedule_local, theme, variants } = MarketingDraftBatch.fields

/** The parts of a payload that a maker fills, where the type has a payload of its own: its name, and those parts. */
const ownPayloads = new Map<string, { readonly type: string; readonly parts: Schema.Codec<object, unknown> }>([
  [marketingHealthcare, {
    type: "marketing_draft_batch_v1",
    parts: Schema.Struct({ brand_name, theme, variants, suggested_schedule_local }) as Schema.Codec<object, unknown>,
  }],
])

/** What an answer must be, and the payload that it makes. */
interface Shape {
  readonly schema: Schema.Codec<{ readonly title: string }, unknown>
  readonly payload: (answer: Readonly<Record<string, unknown>>) => object
}

const shapeOf = (agent_id: string, { output }: GoalTemplate): Shape => {
  if (output !== undefined) {
    const schema = Schema.Struct({ title, fields: derive(output.fields), body: Schema.optionalKey(body) })
    return { schema, payload: (answer) => ({ type: "structured_deliverable_v1", intent_action: "publish", ...answer }) }
  }
  const own = ownPayloads.get(agent_id)
  if (own !== undefined) {
    return {
      schema: Schema.Struct({ title, payload: own.parts }),
      payload: ({ payload }) => ({ ...payload as object, type: own.type, intent_action: "publish" }),
    }
  }
  return {
    schema: Schema.Struct({ title, body }),
    payload: ({ body }) => ({ body, type: "generic_deliverable_v1", intent_action: "publish" }),
  }
}

/**
 * The draft that an answer makes, else its faults. The answer is `{title, fields, body?}` for a template with `output`; else
 * `{title, payload}` for a type with a payload of its own, and `{title, body}` for every other.
 */
export const draftFrom = (
  { agent_id, goal, template }: Pick<MakingInput, "agent_id" | "goal" | "template">,
  answer: unknown,
): Result.Result<Draft, ReadonlyArray<FieldIssue>> => {
  const { payload, schema } = shapeOf(agent_id, template)
  const decoded = Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })(answer)
  if (Result.isFailure(decoded)) return Result.fail(fieldIssues(decoded.failure.issue))
  const common = {
    draft_only: true,
    goal_template_id: goal.goal_template_id,
    goal_instance_id: goal.goal_instance_id,
  }
  const draft = {
    title: decoded.success.title,
    payload: { ...payload(decoded.success as unknown as Record<string, unknown>), ...common } as Draft["payload"],
  }
  return isStorable(draft)
    ? Result.succeed(draft)
    : Result.fail([{ path: "$", message: "must hold no U+0000 and no lone surrogates" }])
}
