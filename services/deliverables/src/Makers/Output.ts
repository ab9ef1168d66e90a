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
import type { JsonObject } from "@stint/domain/Protocol"
import { Result, Schema } from "effect"
import type { Draft } from "./Maker.ts"
import { finishBatch } from "./marketing/Rules.ts"
import type { MakingInput } from "./SlowMaker.ts"
import { isStorable, isTooDeep, MOST_DEPTH } from "./Storable.ts"

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

const parts = Schema.Struct({ brand_name, theme, variants, suggested_schedule_local })

/** The payloads of types that have one of their own: its name, the parts that a maker fills, and the rules that these keep to. */
const ownPayloads = new Map([
  [marketingHealthcare, { type: "marketing_draft_batch_v1", parts, finish: finishBatch }],
])

/** What a draft is made from, as far as its answer is judged by it. */
type Judged = Pick<MakingInput, "agent_id" | "definition" | "goal" | "hire" | "slot" | "template">

/** What an answer must be, and the payload that it makes; or its faults by rules that its schema does not have. */
interface Shape {
  readonly schema: Schema.Codec<{ readonly title: string }, unknown>
  readonly payload: (
    answer: Readonly<Record<string, unknown>>,
    input: Judged,
  ) => Result.Result<object, ReadonlyArray<FieldIssue>>
}

const shapeOf = (agent_id: string, { output }: GoalTemplate): Shape => {
  const publish = (type: string) => (parts: object) => ({ ...parts, type, intent_action: "publish" })
  if (output !== undefined) {
    const schema = Schema.Struct({ title, fields: derive(output.fields), body: Schema.optionalKey(body) })
    return { schema, payload: (answer) => Result.succeed(publish("structured_deliverable_v1")(answer)) }
  }
  const own = ownPayloads.get(agent_id)
  if (own !== undefined) {
    return {
      schema: Schema.Struct({ title, payload: own.parts }),
      payload: ({ payload }, input) =>
        Result.map(own.finish(input, payload as typeof own.parts.Type), publish(own.type)),
    }
  }
  return {
    schema: Schema.Struct({ title, body }),
    payload: ({ body }) => Result.succeed(publish("generic_deliverable_v1")({ body })),
  }
}

/** The JSON schema of what a maker of this template must answer. */
export const answerSchemaOf = ({ agent_id, template }: Pick<MakingInput, "agent_id" | "template">): JsonObject => {
  const { definitions, schema } = Schema.toJsonSchemaDocument(shapeOf(agent_id, template).schema, {
    onExcessProperty: "error",
  })
  return (Object.keys(definitions).length === 0 ? schema : { ...schema, $defs: definitions }) as JsonObject
}

/**
 * The draft that an answer makes, else its faults. The answer is `{title, fields, body?}` for a template with `output`; else
 * `{title, payload}` for a type with a payload of its own, and `{title, body}` for every other.
 */
export const draftFrom = (input: Judged, answer: unknown): Result.Result<Draft, ReadonlyArray<FieldIssue>> => {
  const { agent_id, goal, template } = input
  if (isTooDeep(answer)) {
    return Result.fail([{ path: "$", message: `must be nested at most ${MOST_DEPTH} levels deep` }])
  }
  const { payload, schema } = shapeOf(agent_id, template)
  const decoded = Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })(answer)
  if (Result.isFailure(decoded)) return Result.fail(fieldIssues(decoded.failure.issue))
  const common = {
    draft_only: true,
    goal_template_id: goal.goal_template_id,
    goal_instance_id: goal.goal_instance_id,
  }
  return Result.flatMap(payload(decoded.success as unknown as Record<string, unknown>, input), (own) => {
    const draft: Draft = { title: decoded.success.title, payload: { ...own, ...common } as Draft["payload"] }
    return isStorable(draft)
      ? Result.succeed(draft)
      : Result.fail([{ path: "$", message: "must hold no U+0000 and no lone surrogates" }])
  })
}
