/** Whether a model answers: a question of a few tokens, asked when an operator wants to know. */
import type { ModelCheck } from "@stint/domain/deliverables/Makings"
import { costOf, type Model } from "@stint/domain/Models"
import { Result } from "effect"
import type { ModelError, Usage } from "./Errors.ts"
import type { Ask, Said } from "./Wire.ts"

/** How long a model may take to answer it. */
export const CHECK_SECONDS = 30

/** The question. */
export const tinyAsk: Ask = {
  system: 'Answer with the JSON object {"ok": true} and nothing else.',
  turns: [{ role: "user", content: "Are you there?" }],
  max_tokens: 64,
  schema: {
    type: "object",
    properties: { ok: { type: "boolean" } },
    required: ["ok"],
    additionalProperties: false,
  },
}

type Checked = Pick<ModelCheck, "outcome" | "tokens_in" | "tokens_out" | "cost" | "error">

const usedOf = (model: Model, used: Usage | undefined): Partial<Checked> =>
  used === undefined ? {} : { tokens_in: used.in, tokens_out: used.out, cost: costOf(model, used) / 1_000_000 }

/** What an answer says about its model. One that was cut, or says nothing, was given by a model that is there. */
export const checkedOf = (model: Model, said: Result.Result<Said, ModelError>): Checked => {
  if (Result.isSuccess(said)) return { outcome: "answered", ...usedOf(model, said.success.usage) }
  const error = said.failure
  switch (error._tag) {
    case "ModelCut":
    case "ModelEmpty":
      return { outcome: "answered", ...usedOf(model, error.used) }
    case "ModelRefused":
      return { outcome: "failed", error: error.why, ...usedOf(model, error.used) }
    case "ModelAway":
      return { outcome: "away", error: error.why }
    case "ModelDenied":
      return { outcome: "misconfigured", error: error.why }
    case "ModelFault":
    case "ModelLost":
    case "ModelGarbled":
      return { outcome: "failed", error: error.why }
  }
}
