/** The maker `model` in the hands of a test: a making by a fake model, its calls, and what was logged. */
import type { AgentTypeDefinition, GoalTemplate } from "@stint/domain/Definition"
import type { ModelMaker } from "@stint/domain/Definition/Maker"
import { FileFailure, Files } from "@stint/edge/Files"
import { PortCheck } from "@stint/edge/PortCheck"
import { denoPortCheck } from "@stint/edge/Serve/DenoPortCheck"
import { ConfigProvider, Effect, Layer, Logger, Result } from "effect"
import { FetchHttpClient } from "effect/http"
import { type FakeModel, startFakeModel } from "../../../../tests/support/FakeModel.ts"
import type { CallEnd, NewCall } from "../../src/Makers/Calls.ts"
import { type MakingError, OverBudget } from "../../src/Makers/Errors.ts"
import { makeModel } from "../../src/Makers/Model.ts"
import type { MakingInput, MakingRequest } from "../../src/Makers/SlowMaker.ts"

export const KEY = "sk-test-51d9c0ffee"

const template: GoalTemplate = {
  goal_template_id: "digest.weekly.v1",
  name: "Weekly digest",
  default_frequency: "weekly",
  settings_schema: { fields: [] },
  skill_binding: "writing",
  output: {
    fields: [
      {
        key: "headline",
        label: "Headline",
        type: "text",
        required: true,
        max_length: 80,
        description: "What it is about",
      },
      { key: "sources", label: "Sources", type: "list", item_type: "text", required: true, min_items: 1 },
      { key: "mood", label: "Mood", type: "enum", options: ["good", "bad"], required: false },
    ],
  },
}

export const input = (given: Partial<MakingInput> = {}): MakingInput => ({
  key: "GOI-1:2026-03-01T09:00:00.000Z",
  customer_id: "acme" as MakingInput["customer_id"],
  agent_id: "digest.v1" as MakingInput["agent_id"],
  definition: {} as AgentTypeDefinition,
  template,
  hire: {
    hired_instance_id: "HAI-1" as MakingInput["hire"]["hired_instance_id"],
    config: { brand_name: "Acme" },
    settings: {},
  },
  goal: {
    goal_instance_id: "GOI-1" as MakingInput["goal"]["goal_instance_id"],
    goal_template_id: template.goal_template_id,
    settings: { topic: "teeth" },
  },
  slot: Date.parse("2026-03-01T09:00:00Z"),
  changes: undefined,
  decisions: [],
  ...given,
})

const spec: ModelMaker = { kind: "model", model: "writer", instructions: "Write the weekly digest.", max_tokens: 500 }

export const good = { title: "The week", fields: { headline: "Teeth", sources: ["a journal"] } }
export const says = (answer: unknown, more = {}) => () => ({
  text: typeof answer === "string" ? answer : JSON.stringify(answer),
  ...more,
})

/** A call that was recorded, and how it ended. */
export interface Call {
  readonly call: NewCall
  end: CallEnd | undefined
}

/** What a making came to, with its calls. */
export interface Outcome {
  readonly result: Result.Result<{ readonly title: string; readonly payload: object }, MakingError>
  readonly calls: ReadonlyArray<Call>
  readonly notes: ReadonlyArray<string>
  readonly logged: string
}

export const providers = ["openai-compatible", "anthropic"] as const

/**
 * What differs from a plain making. `calls` gets them as they are recorded, `signals` what ends their requests; `budget` refuses dearer
 * ones.
 */
interface Setup {
  readonly signals?: Array<AbortSignal>
  readonly calls?: Array<Call>
  readonly model?: object
  readonly spec?: object
  readonly input?: Partial<MakingInput>
  readonly budget?: number
}

const filesOf = (files: Record<string, string>) =>
  Files.of({
    readFrom: () => Effect.die("not used"),
    appendLine: () => Effect.die("not used"),
    read: (path) =>
      files[path] === undefined
        ? Effect.fail(new FileFailure({ path, missing: true, why: "there is no such file" }))
        : Effect.succeed(files[path]),
  })

/** Makes a draft by a model at this place, as the queue has it made. */
export const making = (base_url: string, name: typeof providers[number], setup: Setup = {}) =>
  Effect.gen(function* () {
    const { calls = [] } = setup
    const notes: Array<string> = []
    const logged: Array<unknown> = []
    const writer = {
      provider: name,
      base_url,
      model: "writer-large",
      secret_ref: "example",
      price_per_million_in: 2,
      price_per_million_out: 10,
      ...setup.model,
    }
    const request: MakingRequest<ModelMaker> = {
      input: input(setup.input),
      spec: { ...spec, ...setup.spec },
      deadline: Date.now() + 60_000,
      progress: (note) => Effect.sync(() => void notes.push(note)),
      recordCall: (call) =>
        Effect.suspend(() => {
          if (call.max_cost > (setup.budget ?? Infinity)) return Effect.fail(new OverBudget({ detail: "used up" }))
          const record: Call = { call, end: undefined }
          calls.push(record)
          return Effect.succeed({
            call_id: `CAL-${calls.length}`,
            ended: (end: CallEnd) => Effect.sync(() => void (record.end = end)),
          })
        }),
    }
    const result = yield* Effect.flatMap(makeModel, (maker) => Effect.result(maker.make(request))).pipe(
      Effect.provide(Layer.mergeAll(
        FetchHttpClient.layer,
        Layer.succeed(FetchHttpClient.Fetch, (url, init) => {
          setup.signals?.push(init!.signal!)
          return fetch(url, init)
        }),
        Layer.succeed(PortCheck, denoPortCheck),
        Layer.succeed(
          Files,
          filesOf({
            "/models.json": JSON.stringify({ writer }),
            "/secrets.json": JSON.stringify({ $models: { example: KEY, odd: "two words" } }),
          }),
        ),
        ConfigProvider.layer(
          ConfigProvider.fromEnvRecord({ STINT_MODELS: "/models.json", STINT_SECRETS: "/secrets.json" }),
        ),
        Logger.layer([Logger.make((options) => void logged.push(options.message, options.cause))]),
      )),
    )
    return { result, calls, notes, logged: JSON.stringify(logged) } satisfies Outcome
  })

/** Against a fake of its own. */
export const withFake = <A, E>(use: (fake: FakeModel) => Effect.Effect<A, E>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => startFakeModel()),
    use,
    (fake) => Effect.promise(() => fake.end()),
  )

export const errorOf = ({ result }: Outcome): MakingError => Result.getOrThrow(Result.flip(result))
