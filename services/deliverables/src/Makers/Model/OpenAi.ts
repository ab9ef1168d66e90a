/** OpenAI's chat completions, as many servers speak them (Ollama, vLLM, LM Studio, gateways). */
import type { Model } from "@stint/domain/Models"
import { Result, Schema } from "effect"
import type { Usage } from "./Errors.ts"
import { type Ask, decoder, type End, type Said, Tokens, type Wire } from "./Wire.ts"

const Text = Schema.optional(Schema.NullOr(Schema.String))
const Counted = Schema.optional(Schema.NullOr(Schema.Struct({ prompt_tokens: Tokens, completion_tokens: Tokens })))

const Whole = decoder(
  "what is no chat completion",
  Schema.Struct({
    choices: Schema.NonEmptyArray(Schema.Struct({
      message: Schema.Struct({ content: Text, refusal: Text }),
      finish_reason: Schema.NullOr(Schema.String),
    })),
    usage: Counted,
  }),
)

const Chunk = decoder(
  "what is no chunk of a chat completion",
  Schema.Union([
    Schema.Struct({ error: Schema.Union([Schema.String, Schema.Record(Schema.String, Schema.Unknown)]) }),
    Schema.Struct({
      choices: Schema.Array(Schema.Struct({
        delta: Schema.optional(Schema.Struct({ content: Text, refusal: Text })),
        finish_reason: Text,
      })),
      usage: Counted,
    }),
  ]),
)

/** What ends a stream of events. */
const DONE = "[DONE]"

const endOf = (finish_reason: string | null | undefined, refusal: string | null | undefined): End =>
  finish_reason === "content_filter" || (refusal ?? "") !== "" ? "refused" : finish_reason === "length" ? "cut" : "stop"

const usageOf = (usage: { prompt_tokens: number; completion_tokens: number } | null | undefined): Usage | undefined =>
  usage ? { in: usage.prompt_tokens, out: usage.completion_tokens } : undefined

const said = (text: string, end: End, usage: Usage | undefined): Said => ({ text, end, ...(usage && { usage }) })

const formatOf = ({ answer = "json_schema" }: Model, { schema }: Ask) =>
  answer === "text" ? {} : {
    response_format: answer === "json_object"
      ? { type: "json_object" }
      : { type: "json_schema", json_schema: { name: "draft", schema } },
  }

/** The wire format of openai-compatible models. */
export const openAi: Wire = {
  request: (model, ask) => ({
    path: "/chat/completions",
    headers: {},
    body: {
      model: model.model,
      messages: [{ role: "system", content: ask.system }, ...ask.turns.map((turn) => ({ ...turn }))],
      [model.max_tokens_key ?? "max_tokens"]: ask.max_tokens,
      ...formatOf(model, ask),
      ...(model.stream === false ? {} : { stream: true, stream_options: { include_usage: true } }),
    },
  }),
  key: (key) => ({ authorization: `Bearer ${key}` }),
  whole: (text) =>
    Result.map(
      Whole(text),
      ({ choices: [{ finish_reason, message }], usage }) =>
        said(message.content ?? "", endOf(finish_reason, message.refusal), usageOf(usage)),
    ),
  reader: () => {
    let text = ""
    let end: End | undefined
    let refusal = ""
    let usage: Usage | undefined
    return {
      length: () => text.length,
      take: (data) =>
        data === DONE ? Result.void : Result.map(Chunk(data), (chunk) => {
          if ("error" in chunk) {
            end = "fault"
            return
          }
          usage = usageOf(chunk.usage) ?? usage
          for (const { delta, finish_reason } of chunk.choices.slice(0, 1)) {
            text += delta?.content ?? ""
            refusal += delta?.refusal ?? ""
            if (finish_reason) end = endOf(finish_reason, refusal)
          }
        }),
      said: () =>
        end === undefined ? Result.fail("a stream that ended before its end") : Result.succeed(said(text, end, usage)),
    }
  },
}
