/** Who makes the drafts of a goal template: a builtin, a language model, or a program of the provider's own (domain.md, "Makers"). */
import { Schema } from "effect"

/** How long a making may take when its template does not say, in seconds. */
export const DEFAULT_TIMEOUT_SECONDS = 120

const timeout_seconds = Schema.optionalKey(
  Schema.Int.check(
    Schema.isBetween({ minimum: 1, maximum: 3600 }, { message: "must be a whole number, 1 to 3600" }),
  ).annotate({ description: `How long a making may take, in seconds; ${DEFAULT_TIMEOUT_SECONDS} when it is left out` }),
)

const named = (description: string, example: string) =>
  Schema.String.check(
    Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, {
      message: "must be 1 to 128 of A-Z a-z 0-9 . _ -, beginning with a letter or digit",
    }),
  ).annotate({ description, examples: [example] })

/** Why a url can't be that of a maker; undefined if it can. Which hosts may be called is decided when it is called. */
const urlFault = (text: string): string | undefined => {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) return "must be an absolute http or https URL"
  if (url.username !== "" || url.password !== "") return "must not hold a user name or a password"
  return url.hash === "" ? undefined : "has a part after #, which is never sent; leave it out"
}

/** A pure function of ours, chosen by agent type and template. What a template without a `maker` has. */
export const BuiltinMaker = Schema.Struct({ kind: Schema.tag("builtin") }).annotate({ identifier: "BuiltinMaker" })
export type BuiltinMaker = typeof BuiltinMaker.Type

/** A language model, by its alias in the file STINT_MODELS. */
export const ModelMaker = Schema.Struct({
  kind: Schema.tag("model"),
  model: named("The alias of a model in the file STINT_MODELS", "writer"),
  instructions: Schema.String.annotate({ description: "The system prompt" }).check(
    Schema.isPattern(/\S/, { message: "must not be blank" }),
    Schema.isMaxLength(16_384, { message: "must have at most 16384 characters" }),
  ),
  max_tokens: Schema.optionalKey(
    Schema.Int.check(
      Schema.isBetween({ minimum: 1, maximum: 1_000_000 }, { message: "must be a whole number, 1 to 1000000" }),
    ).annotate({ description: "The most tokens of an answer" }),
  ),
  timeout_seconds,
}).annotate({ identifier: "ModelMaker" })
export type ModelMaker = typeof ModelMaker.Type

/** A program of the provider's own, called over HTTP (docs/makers.md). `secret_ref`: what the request is signed with. */
export const HttpMaker = Schema.Struct({
  kind: Schema.tag("http"),
  url: Schema.String.annotate({ examples: ["https://agents.example.com/make"] }).check(
    Schema.isMaxLength(2048, { message: "must have at most 2048 characters" }),
    Schema.makeFilter(urlFault),
  ),
  secret_ref: Schema.optionalKey(named("The secret that signs the request, as STINT_SECRETS names it", "digest-agent")),
  timeout_seconds,
}).annotate({ identifier: "HttpMaker" })
export type HttpMaker = typeof HttpMaker.Type

/** A template's maker. */
export const TemplateMaker = Schema.Union([BuiltinMaker, ModelMaker, HttpMaker]).annotate({
  identifier: "TemplateMaker",
})
export type TemplateMaker = typeof TemplateMaker.Type

/** A maker that may take long: its makings are queued, and hold nothing while it works. */
export type SlowTemplateMaker = ModelMaker | HttpMaker

/** The slow maker of a template; undefined when it is a builtin. */
export const slowMakerOf = (
  { maker }: { readonly maker?: TemplateMaker },
): SlowTemplateMaker | undefined => maker === undefined || maker.kind === "builtin" ? undefined : maker

/** How long a making may take, in seconds. */
export const timeoutSecondsOf = ({ timeout_seconds = DEFAULT_TIMEOUT_SECONDS }: SlowTemplateMaker): number =>
  timeout_seconds
