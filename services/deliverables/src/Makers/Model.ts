/**
 * The maker `model`: a language model writes the draft (domain.md, "Makers"). Models are called by their wire formats alone
 * (`Model/OpenAi.ts`, `Model/Anthropic.ts`); docs/models.md says how one is set up.
 */
import type { ModelMaker } from "@stint/domain/Definition/Maker"
import {
  costOf,
  DEFAULT_CONCURRENCY,
  DEFAULT_MAX_TOKENS,
  type Model,
  type Models,
  parseModels,
} from "@stint/domain/Models"
import { ModelNotFound } from "@stint/domain/deliverables/Makings"
import { PortCheck } from "@stint/edge/PortCheck"
import { makeKeys } from "@stint/edge/Secrets"
import { settingFile } from "@stint/edge/SettingFile"
import { Duration, Effect, Option, Redacted, Result } from "effect"
import type { CallEnd } from "./Calls.ts"
import { DraftNotValid, MakerFailed, MakerMisconfigured, MakerRefused, type MakingError, PlaceAway } from "./Errors.ts"
import type { Draft } from "./Maker.ts"
import { makeCalls, type Prepared } from "./Model/Call.ts"
import { CHECK_SECONDS, checkedOf, tinyAsk } from "./Model/Check.ts"
import { type ModelError, ModelFault, type Usage } from "./Model/Errors.ts"
import { dataTurn, fieldLines, jsonOf, repairTurns, systemOf, type Unfit } from "./Model/Prompt.ts"
import type { Said, Turn } from "./Model/Wire.ts"
import { answerSchemaOf, draftFrom } from "./Output.ts"
import type { MakingRequest, ModelsMaker, RecordedCall } from "./SlowMaker.ts"

/** The owner of the keys of models in the file STINT_SECRETS: no token can name it. */
const OWNER = "$models"

/** Tokens that a provider adds to what it is sent, for turns and tools: more than any adds. */
const OVERHEAD = 1_024

/** The most faults that an error names. */
const FAULTS = 50

const encoder = new TextEncoder()

/** A making at work: what is asked of which model, with which key. */
interface Work {
  readonly alias: string
  readonly model: Model
  readonly key: Redacted.Redacted | undefined
  readonly request: MakingRequest<ModelMaker>
  readonly max_tokens: number
}

/** The most that a call can use. A token stands for a byte or more, and no tokenizer is needed to know the bytes. */
const mostOf = ({ max_tokens }: Work, { body }: Prepared): Usage => ({
  in: encoder.encode(body).length + OVERHEAD,
  out: max_tokens,
})

/** How a call ended, for its record; undefined where nobody knows, so that it counts with its maximum. */
const endOf = (model: Model, most: Usage, outcome: Result.Result<Said, ModelError>): CallEnd | undefined => {
  const ended = (how: CallEnd["outcome"], { in: tokens_in, out: tokens_out }: Usage, error?: string): CallEnd => ({
    outcome: how,
    tokens_in,
    tokens_out,
    cost: costOf(model, { in: tokens_in, out: tokens_out }),
    ...(error === undefined ? {} : { error }),
  })
  if (Result.isSuccess(outcome)) return ended("answered", outcome.success.usage ?? most)
  const error = outcome.failure
  switch (error._tag) {
    case "ModelLost":
      return undefined
    case "ModelAway":
    case "ModelFault":
    case "ModelDenied":
      // no provider charges for what it answers with an error
      return ended("failed", { in: 0, out: 0 }, error.why)
    case "ModelRefused":
      return ended("refused", error.used ?? most, error.why)
    case "ModelGarbled":
      return ended("failed", error.used ?? most, error.why)
    case "ModelCut":
    case "ModelEmpty":
      return ended("answered", error.used ?? most, error.why)
  }
}

/** What a trace says of how a call ended: figures, and nothing that was sent or answered. */
const spanOf = (end: CallEnd | undefined): Readonly<Record<string, unknown>> => ({
  "stint.outcome": end?.outcome ?? "unknown",
  ...(end === undefined ? {} : {
    "gen_ai.usage.input_tokens": end.tokens_in,
    "gen_ai.usage.output_tokens": end.tokens_out,
    "stint.cost_millionths": end.cost,
  }),
})

/** A draft, or what is wrong with an answer that one repair may mend. */
type Answered = Result.Result<Draft, Unfit>

const unfit = (message: string): Answered => Result.fail({ issues: [{ path: "$", message }] })

/** What follows from how a call failed: an answer that may be mended, or the end of the making. */
const consequence = (alias: string, error: ModelError): Effect.Effect<Answered, MakingError> => {
  const detail = `${error.why} (model ${alias})`
  switch (error._tag) {
    case "ModelAway":
      return Effect.fail(
        new PlaceAway({ why: detail, ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }) }),
      )
    case "ModelFault":
    case "ModelLost":
    case "ModelGarbled":
      return Effect.fail(new MakerFailed({ detail }))
    case "ModelDenied":
      return Effect.fail(new MakerMisconfigured({ detail }))
    case "ModelRefused":
      return Effect.fail(new MakerRefused({ detail }))
    case "ModelCut":
      return Effect.succeed(unfit(`${error.why}: answer more briefly`))
    case "ModelEmpty":
      return Effect.succeed(unfit(error.why))
  }
}

/** Reads an answer: a draft, or its faults. */
const readAnswer = ({ key, request }: Work, { text }: Said): Answered => {
  // no store of ours may hold a key, not even where a provider writes it into a draft
  if (key !== undefined && text.includes(Redacted.value(key))) return unfit("holds a secret")
  const json = jsonOf(text)
  if (json === undefined) return Result.fail({ text, issues: [{ path: "$", message: "must be one JSON object" }] })
  return Result.mapError(draftFrom(request.input, json), (issues) => ({ text, issues }))
}

/** The maker. `STINT_MODELS` names the file of models. Fails with a Refusal when that can't be read. */
export const makeModel = Effect.gen(function* () {
  const models: Models = Option.getOrElse(yield* settingFile("STINT_MODELS", parseModels), () => new Map())
  const keys = yield* makeKeys
  const ports = yield* PortCheck
  const prepare = yield* makeCalls

  const modelOf = (alias: string): Effect.Effect<Model, MakerMisconfigured> => {
    const model = models.get(alias)
    const known = models.size === 0 ? "STINT_MODELS names none" : `STINT_MODELS has ${[...models.keys()].join(", ")}`
    return model === undefined
      ? Effect.fail(new MakerMisconfigured({ detail: `There is no model ${alias}: ${known}` }))
      : Effect.succeed(model)
  }

  const keyOf = ({ secret_ref }: Model) =>
    secret_ref === undefined
      ? Effect.succeed(undefined)
      : Effect.mapError(keys(OWNER, secret_ref), ({ why }) => new MakerMisconfigured({ detail: why }))

  /** One call: recorded, sent, and its end recorded. A repair counts as a call of its own. */
  const call = Effect.fn("Model.call")(function* (work: Work, turns: ReadonlyArray<Turn>) {
    const { alias, key, max_tokens, model, request } = work
    const schema = answerSchemaOf(request.input)
    const system = systemOf(request.spec.instructions, schema, fieldLines(request.input.template))
    const prepared = prepare(model, key, { system, turns, max_tokens, schema })
    const most = mostOf(work, prepared)
    yield* Effect.annotateCurrentSpan({ "stint.model": alias, "gen_ai.request.model": model.model })
    yield* Effect.mapError(
      ports.reach(model.base_url),
      () => new PlaceAway({ why: `The model ${alias} can't be reached` }),
    )
    const recorded: RecordedCall = yield* request.recordCall({
      place: placeName(alias),
      model: model.model,
      max_cost: costOf(model, most),
      max_tokens: most.in + most.out,
    })
    const outcome = yield* Effect.result(
      prepared.send((length) => request.progress(`The model has written ${length} characters`)),
    )
    const end = endOf(model, most, outcome)
    yield* Effect.annotateCurrentSpan(spanOf(end))
    if (end !== undefined) yield* recorded.ended(end)
    if (Result.isFailure(outcome)) return yield* consequence(alias, outcome.failure)
    return readAnswer(work, outcome.success)
  })

  const make = Effect.fn("Model.make")(function* (request: MakingRequest<ModelMaker>) {
    const { input, spec } = request
    const model = yield* modelOf(spec.model)
    const key = yield* keyOf(model)
    const max_tokens = spec.max_tokens ?? model.max_tokens ?? DEFAULT_MAX_TOKENS
    const work: Work = { alias: spec.model, model, key, request, max_tokens }
    const first = dataTurn(input)
    const answer = yield* call(work, [first])
    if (Result.isSuccess(answer)) return answer.success
    const mended = yield* call(work, repairTurns(first, answer.failure))
    if (Result.isSuccess(mended)) return mended.success
    const { issues } = mended.failure
    return yield* new DraftNotValid({
      detail: `The answer of the model ${spec.model} is no valid draft, also after it was told why`,
      errors: issues.slice(0, FAULTS),
      ...(issues.length > FAULTS ? { errors_omitted: issues.length - FAULTS } : {}),
    })
  })

  /** What is sent to see whether a model answers, and what came of it. No making, and no hire, pays for it. */
  const check = Effect.fn("Model.check")(function* (alias: string) {
    const model = models.get(alias)
    if (model === undefined) return yield* new ModelNotFound({ detail: alias })
    const key = yield* Effect.result(keyOf(model))
    if (Result.isFailure(key)) return { alias, outcome: "misconfigured" as const, error: key.failure.detail! }
    const reached = yield* Effect.result(ports.reach(model.base_url))
    if (Result.isFailure(reached)) return { alias, outcome: "away" as const, error: "It can't be reached" }
    const prepared = prepare(model, key.success, tinyAsk)
    const [took, said] = yield* Effect.timed(
      prepared.send(() => Effect.void).pipe(
        Effect.timeoutOrElse({
          duration: CHECK_SECONDS * 1_000,
          orElse: () => Effect.fail(new ModelFault({ why: `It did not answer within ${CHECK_SECONDS} s` })),
        }),
        Effect.result,
      ),
    )
    return { alias, seconds: Duration.toMillis(took) / 1_000, ...checkedOf(model, said) }
  })

  const maker: ModelsMaker = {
    models: [...models].map(([alias, model]) => ({
      name: placeName(alias),
      limit: model.max_concurrency ?? DEFAULT_CONCURRENCY,
      alias,
      provider: model.provider,
      model: model.model,
    })),
    check,
    place: ({ model: alias }) =>
      Effect.map(
        modelOf(alias),
        ({ max_concurrency: limit = DEFAULT_CONCURRENCY }) => ({ name: placeName(alias), limit }),
      ),
    fault: ({ model }) =>
      Effect.match(modelOf(model), { onFailure: ({ detail }) => detail ?? null, onSuccess: () => null }),
    make,
  }
  return maker
})

const placeName = (alias: string) => `model:${alias}`
