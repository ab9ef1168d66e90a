/** Anthropic's messages. The draft is asked for as the input of a tool, which every model of theirs takes by its JSON schema. */
import type { Model } from "@stint/domain/Models"
import { Result, Schema } from "effect"
import type { Usage } from "./Errors.ts"
import { type Ask, decoder, type End, type Said, Tokens, type Wire } from "./Wire.ts"

/** The version of the wire format. */
const VERSION = "2023-06-01"
/** The tool whose input is the draft. */
const TOOL = "draft"

const Counted = Schema.Struct({
  input_tokens: Schema.optional(Schema.NullOr(Tokens)),
  output_tokens: Schema.optional(Schema.NullOr(Tokens)),
  cache_creation_input_tokens: Schema.optional(Schema.NullOr(Tokens)),
  cache_read_input_tokens: Schema.optional(Schema.NullOr(Tokens)),
})
type Counted = typeof Counted.Type

const Block = Schema.Struct({
  type: Schema.String,
  text: Schema.optional(Schema.String),
  input: Schema.optional(Schema.Json),
})

const Whole = decoder(
  "what is no message",
  Schema.Struct({
    type: Schema.Literal("message"),
    content: Schema.Array(Block),
    stop_reason: Schema.NullOr(Schema.String),
    usage: Counted,
  }),
)

const Kind = decoder("an event without a type", Schema.Struct({ type: Schema.String }))

const Start = decoder(
  "a broken message_start",
  Schema.Struct({ message: Schema.Struct({ usage: Counted }) }),
)
const Delta = decoder(
  "a broken content_block_delta",
  Schema.Struct({
    delta: Schema.Struct({
      type: Schema.String,
      text: Schema.optional(Schema.String),
      partial_json: Schema.optional(Schema.String),
    }),
  }),
)
const Stop = decoder(
  "a broken message_delta",
  Schema.Struct({
    delta: Schema.Struct({ stop_reason: Schema.optional(Schema.NullOr(Schema.String)) }),
    usage: Schema.optional(Counted),
  }),
)
const Failure = decoder("a broken error", Schema.Struct({ error: Schema.Struct({ type: Schema.String }) }))

const endOf = (stop_reason: string | null): End =>
  stop_reason === "refusal"
    ? "refused"
    : stop_reason === "max_tokens" || stop_reason === "model_context_window_exceeded"
    ? "cut"
    : "stop"

const inOf = ({ cache_creation_input_tokens, cache_read_input_tokens, input_tokens }: Counted) =>
  (input_tokens ?? 0) + (cache_creation_input_tokens ?? 0) + (cache_read_input_tokens ?? 0)

const formatOf = ({ answer = "json_schema" }: Model, { schema }: Ask) =>
  answer !== "json_schema" ? {} : {
    tools: [{ name: TOOL, description: "Hands over the draft", input_schema: schema }],
    tool_choice: { type: "tool", name: TOOL },
  }

/** Reads the events of a message. */
const reader: Wire["reader"] = () => {
  let text = ""
  let input = ""
  let end: End | undefined
  let counted: Counted | undefined
  const answer = () => input === "" ? text : input
  const kinds: Readonly<Record<string, (data: string) => Result.Result<void, string>>> = {
    message_start: (data) => Result.map(Start(data), ({ message }) => void (counted = message.usage)),
    content_block_delta: (data) =>
      Result.map(Delta(data), ({ delta }) => {
        if (delta.type === "text_delta") text += delta.text ?? ""
        if (delta.type === "input_json_delta") input += delta.partial_json ?? ""
      }),
    message_delta: (data) =>
      Result.map(Stop(data), ({ delta, usage }) => {
        if (delta.stop_reason) end = endOf(delta.stop_reason)
        // the counts of a message_delta are totals, and replace those of before
        counted = { ...counted, ...Object.fromEntries(Object.entries(usage ?? {}).filter(([, n]) => n != null)) }
      }),
    error: (data) =>
      Result.map(Failure(data), ({ error }) => void (end = error.type === "overloaded_error" ? "away" : "fault")),
  }
  const usage = (): Usage | undefined =>
    typeof counted?.output_tokens === "number" && typeof counted.input_tokens === "number"
      ? { in: inOf(counted), out: counted.output_tokens }
      : undefined
  return {
    length: () => answer().length,
    // of an event of another kind nothing is needed: new ones may come at any time
    take: (data) => Result.flatMap(Kind(data), ({ type }) => kinds[type]?.(data) ?? Result.void),
    said: () => {
      if (end === undefined) return Result.fail("a stream that ended before its end")
      const used = usage()
      return Result.succeed<Said>({ text: answer(), end, ...(used && { usage: used }) })
    },
  }
}

/** The wire format of Anthropic's models. */
export const anthropic: Wire = {
  request: (model, ask) => ({
    path: "/messages",
    headers: { "anthropic-version": VERSION },
    body: {
      model: model.model,
      system: ask.system,
      messages: ask.turns.map((turn) => ({ ...turn })),
      max_tokens: ask.max_tokens,
      ...formatOf(model, ask),
      ...(model.stream === false ? {} : { stream: true }),
    },
  }),
  key: (key) => ({ "x-api-key": key }),
  whole: (body) =>
    Result.map(Whole(body), ({ content, stop_reason, usage }) => {
      const tool = content.find(({ type }) => type === "tool_use")
      const text = content.map(({ text, type }) => type === "text" ? text ?? "" : "").join("")
      const { output_tokens } = usage
      return {
        text: tool === undefined ? text : JSON.stringify(tool.input),
        end: endOf(stop_reason),
        ...(typeof output_tokens === "number" && typeof usage.input_tokens === "number" &&
          { usage: { in: inOf(usage), out: output_tokens } }),
      }
    }),
  reader,
}
