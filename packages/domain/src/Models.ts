/** The language models that makers may call, as the file that STINT_MODELS names lists them (docs/models.md). */
import { Result, Schema } from "effect"
import { fieldIssues } from "./FieldIssues.ts"
import { parseHttpUrl } from "./HostList.ts"
import { Amount, MILLION, millionthsOf } from "./Money.ts"

/** The wire format that a provider speaks: OpenAI's chat completions, or Anthropic's messages. */
export const Provider = Schema.Literals(["openai-compatible", "anthropic"])
export type Provider = typeof Provider.Type

const whole = (least: number, most: number) =>
  Schema.Int.check(
    Schema.isBetween({ minimum: least, maximum: most }, { message: `must be a whole number, ${least} to ${most}` }),
  )

const named = Schema.String.check(
  Schema.isPattern(/^\S(?:.*\S)?$/, { message: "must not be blank, nor begin or end with a space" }),
  Schema.isMaxLength(200, { message: "must have at most 200 characters" }),
)

const urlFault = (text: string): string | true => {
  try {
    const { search } = parseHttpUrl("it", text)
    return search === "" || "must not have a query"
  } catch {
    return "must be a url like https://api.example.com/v1, without a user name, a password, a query and a part after #"
  }
}

/** A model: where it is called, what it costs, and how much of it is used at once. */
export const Model = Schema.Struct({
  provider: Provider,
  /** Up to the version: `/chat/completions` or `/messages` is added. */
  base_url: Schema.String.check(Schema.makeFilter(urlFault)),
  /** The model's id at its provider. */
  model: named,
  /** The name of its key under `$models` in the file STINT_SECRETS; a model without one is called without a key. */
  secret_ref: Schema.optionalKey(named),
  /** What a million tokens cost: those that it is given, and those that it answers with. 0 for a model of one's own. */
  price_per_million_in: Amount,
  price_per_million_out: Amount,
  /** How many makings call it at once, over all replicas; 4 unless given. */
  max_concurrency: Schema.optionalKey(whole(1, 10_000)),
  /** The most tokens of an answer, where the template does not say; 4096 unless given. */
  max_tokens: Schema.optionalKey(whole(1, 1_000_000)),
  /** How the form of an answer is asked for, where a server does not know JSON schemas; `json_schema` unless given. */
  answer: Schema.optionalKey(Schema.Literals(["json_schema", "json_object", "text"])),
  /** Under which name an openai-compatible server takes the most tokens of an answer; `max_tokens` unless given. */
  max_tokens_key: Schema.optionalKey(Schema.Literals(["max_tokens", "max_completion_tokens"])),
  /** Whether the answer is read as it is written; true unless given. */
  stream: Schema.optionalKey(Schema.Boolean),
}).annotate({ identifier: "Model", message: "must be an object" })
export type Model = typeof Model.Type

/** The models by alias. */
export type Models = ReadonlyMap<string, Model>

const alias = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

const decode = Schema.decodeUnknownResult(
  Schema.Record(
    Schema.String.check(
      Schema.isPattern(alias, {
        message: "an alias must be 1 to 128 of A-Z a-z 0-9 . _ -, beginning with a letter or digit",
      }),
    ),
    Model,
  ).annotate({ message: "must be an object of models by alias" }),
  { errors: "all", onExcessProperty: "error" },
)

/** Reads the text of the file. Fails with every fault, each with its path, in one line that quotes no value. */
export const parseModels = (text: string): Result.Result<Models, string> => {
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ""))
  } catch {
    return Result.fail("is not JSON")
  }
  return Result.mapBoth(decode(json), {
    onFailure: ({ issue }) =>
      `has ${fieldIssues(issue).slice(0, 5).map(({ message, path }) => `at ${path}: ${message}`).join("; ")}`,
    onSuccess: (models) => new Map(Object.entries(models)),
  })
}

/** Where a model can be called at once. */
export const DEFAULT_CONCURRENCY = 4
/** The most tokens of an answer, where neither the template nor the file says. */
export const DEFAULT_MAX_TOKENS = 4096

/** What tokens of a model cost, in millionths, rounded up: nobody pays less than they used. */
export const costOf = (
  { price_per_million_in, price_per_million_out }: Model,
  tokens: { readonly in: number; readonly out: number },
): number => {
  // a price in millionths for a million tokens, times tokens: beyond what a number holds exactly
  const price = (amount: number) => BigInt(millionthsOf(amount)!)
  const total = price(price_per_million_in) * BigInt(tokens.in) + price(price_per_million_out) * BigInt(tokens.out)
  return Number((total + BigInt(MILLION - 1)) / BigInt(MILLION))
}
