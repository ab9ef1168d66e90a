/** How a call of a language model fails: each way is an error of its own. `why` is one line that people see; it quotes no provider. */
import { Schema } from "effect"

/** The tokens that a call used, as its provider counts them. */
export const Usage = Schema.Struct({ in: Schema.Int, out: Schema.Int })
export type Usage = typeof Usage.Type

const used = Schema.optionalKey(Usage)

/** 408, 429, 503 or 529 (Anthropic's "overloaded"): it wants no calls for now. `retryAfter` in milliseconds, where it says. */
export class ModelAway extends Schema.TaggedError<ModelAway>()("ModelAway", {
  why: Schema.String,
  retryAfter: Schema.optionalKey(Schema.Number),
}) {}

/** Another 5xx: it could not answer this time. */
export class ModelFault extends Schema.TaggedError<ModelFault>()("ModelFault", { why: Schema.String }) {}

/** A redirect or 4xx: the key, the url, the model's name or the form of the request is wrong. */
export class ModelDenied extends Schema.TaggedError<ModelDenied>()("ModelDenied", { why: Schema.String }) {}

/** The connection broke once the request may have been sent: nobody knows whether it was answered. */
export class ModelLost extends Schema.TaggedError<ModelLost>()("ModelLost", { why: Schema.String }) {}

/** What it sent is not of its wire format, ended before its end, or was larger than we read. */
export class ModelGarbled extends Schema.TaggedError<ModelGarbled>()("ModelGarbled", { why: Schema.String, used }) {}

/** The model, or its provider's filter, refuses. */
export class ModelRefused extends Schema.TaggedError<ModelRefused>()("ModelRefused", { why: Schema.String, used }) {}

/** The answer was cut at the most tokens that it may have. */
export class ModelCut extends Schema.TaggedError<ModelCut>()("ModelCut", { why: Schema.String, used }) {}

/** The answer has no text. */
export class ModelEmpty extends Schema.TaggedError<ModelEmpty>()("ModelEmpty", { why: Schema.String, used }) {}

/** How a call fails. */
export type ModelError =
  | ModelAway
  | ModelFault
  | ModelDenied
  | ModelLost
  | ModelGarbled
  | ModelRefused
  | ModelCut
  | ModelEmpty
