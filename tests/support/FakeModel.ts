/**
 * A language model that is none: a server which speaks the wire formats of OpenAI's chat completions and of Anthropic's messages, whole
 * and streamed, and answers what a test says; else a draft that is valid by the JSON schema it was sent. By itself
 * (`node scripts/deno.js run --allow-net tests/support/FakeModel.ts 4195`) it stands in for a model where there is none.
 */

/** A recorded request. */
export interface Asked {
  readonly path: string
  readonly headers: Headers
  // deno-lint-ignore no-explicit-any
  readonly body: any
}

/** What the model says. */
export interface Saying {
  readonly text: string
  /** In tokens; null: it does not say. */
  readonly usage?: { readonly in: number; readonly out: number } | null
  /** How it ends, in OpenAI's words. */
  readonly end?: "stop" | "length" | "content_filter"
}

/** An answer: what is said in the format that was asked for, or a response of the test's own. */
export type Reply = (asked: Asked) => Saying | Response | Promise<Saying | Response>

/** A running fake. */
export interface FakeModel {
  /** Up to the version, as STINT_MODELS has it. */
  readonly base_url: string
  readonly asked: Array<Asked>
  /** The answers to the next requests, in order; after these `otherwise`. */
  readonly replies: Array<Reply>
  otherwise: Reply
  end(): Promise<void>
}

// deno-lint-ignore no-explicit-any
type Json = any

/** The JSON schema that a request asks its answer by. */
const schemaOf = ({ body }: Asked): Json =>
  body.tools?.[0]?.input_schema ?? body.response_format?.json_schema?.schema ?? { type: "object" }

/** A value that is valid by a schema as ours are. */
const valueOf = (schema: Json, defs: Json, name: string): Json => {
  if (schema.$ref !== undefined) return valueOf(defs[schema.$ref.split("/").at(-1)], defs, name)
  if (schema.enum !== undefined) return schema.enum[0]
  switch (schema.type) {
    case "object":
      return Object.fromEntries(
        (schema.required ?? []).map((key: string) => [key, valueOf(schema.properties[key], defs, key)]),
      )
    case "array":
      return [valueOf(schema.items ?? {}, defs, name)]
    case "number":
    case "integer":
      return (schema.exclusiveMinimum ?? 0) + 1
    case "boolean":
      return true
    default:
      return name === "suggested_schedule_local" ? "10:00" : `A made-up ${name.replaceAll("_", " ")}`
  }
}

/** The data of a request: the line of JSON between the two lines that fence it. */
export const dataOf = ({ body }: Asked): Json => {
  const first = body.messages.find(({ role }: Json) => role === "user").content as string
  return JSON.parse(first.split("\n")[1]!)
}

/** A draft by the schema; one post for each platform of the hire, where it is one of posts. */
export const draftFor: Reply = (asked) => {
  const schema = schemaOf(asked)
  const draft = valueOf(schema, schema.$defs ?? {}, "text")
  if (draft.payload?.variants !== undefined) {
    const { config, goal } = dataOf(asked)
    const each = Array.from({ length: goal.settings.posts_per_platform ?? 1 }, (_, n) => n)
    draft.payload.brand_name = config.brand_name
    draft.payload.variants = config.platforms_enabled.flatMap((platform: string) =>
      each.map((n) => ({
        platform,
        text: `A made-up post ${n + 1} of ${config.brand_name}`,
        hashtags: ["#health"],
        ...(platform === "youtube" ? { title: "A made-up video" } : {}),
      }))
    )
  }
  return { text: JSON.stringify(draft), usage: { in: 200, out: 100 } }
}

const pieces = (text: string): ReadonlyArray<string> => text.match(/.{1,40}/gsu) ?? []

/** Text as events: each a name, where it has one, and its data. */
export const events = (list: ReadonlyArray<readonly [string | undefined, Json]>): string =>
  list.map(([name, data]) =>
    `${name === undefined ? "" : `event: ${name}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`
  ).join("")

/** A response that is a stream of events. */
export const sse = (text: string): Response =>
  new Response(text, { headers: { "content-type": "text/event-stream; charset=utf-8" } })

const openAi = ({ body }: Asked, { end = "stop", text, usage = { in: 100, out: 50 } }: Saying): Response => {
  const head = { id: "chatcmpl-1", created: 1_790_000_000, model: body.model }
  const used = usage && {
    prompt_tokens: usage.in,
    completion_tokens: usage.out,
    total_tokens: usage.in + usage.out,
  }
  if (body.stream !== true) {
    return Response.json({
      ...head,
      object: "chat.completion",
      choices: [{
        index: 0,
        message: { role: "assistant", content: text, refusal: null },
        logprobs: null,
        finish_reason: end,
      }],
      ...(used && { usage: used }),
    })
  }
  const chunk = (delta: Json, finish_reason: string | null = null) =>
    [undefined, {
      ...head,
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    }] as const
  return sse(events([
    chunk({ role: "assistant", content: "" }),
    ...pieces(text).map((content) => chunk({ content })),
    chunk({}, end),
    ...(used ? [[undefined, { ...head, object: "chat.completion.chunk", choices: [], usage: used }] as const] : []),
    [undefined, "[DONE]"],
  ]))
}

const stops = { stop: "end_turn", length: "max_tokens", content_filter: "refusal" }

const anthropic = ({ body }: Asked, { end = "stop", text, usage = { in: 100, out: 50 } }: Saying): Response => {
  const isTool = body.tools !== undefined && end !== "content_filter"
  const stop_reason = isTool && end === "stop" ? "tool_use" : stops[end]
  const head = { id: "msg_1", type: "message", role: "assistant", model: body.model, stop_sequence: null }
  const isJson = isTool && text.startsWith("{")
  const input = () => end === "stop" ? JSON.parse(text) : {}
  if (body.stream !== true) {
    const block = isJson
      ? { type: "tool_use", id: "toolu_1", name: body.tools[0].name, input: input() }
      : { type: "text", text }
    return Response.json({
      ...head,
      content: text === "" ? [] : [block],
      stop_reason,
      usage: usage ? { input_tokens: usage.in, output_tokens: usage.out } : {},
    })
  }
  const block = isJson
    ? { type: "tool_use", id: "toolu_1", name: body.tools[0].name, input: {} }
    : { type: "text", text: "" }
  return sse(events([
    ["message_start", {
      type: "message_start",
      message: {
        ...head,
        content: [],
        stop_reason: null,
        usage: usage ? { input_tokens: usage.in, output_tokens: 1 } : {},
      },
    }],
    ["content_block_start", { type: "content_block_start", index: 0, content_block: block }],
    ["ping", { type: "ping" }],
    ...pieces(text).map((piece) =>
      ["content_block_delta", {
        type: "content_block_delta",
        index: 0,
        delta: isJson ? { type: "input_json_delta", partial_json: piece } : { type: "text_delta", text: piece },
      }] as const
    ),
    ["content_block_stop", { type: "content_block_stop", index: 0 }],
    ["message_delta", {
      type: "message_delta",
      delta: { stop_reason, stop_sequence: null },
      usage: usage ? { output_tokens: usage.out } : {},
    }],
    ["message_stop", { type: "message_stop" }],
  ]))
}

const formats: Readonly<Record<string, (asked: Asked, saying: Saying) => Response>> = {
  "/v1/chat/completions": openAi,
  "/v1/messages": anthropic,
}

/** Starts one on a port of 127.0.0.1; a free one unless given. */
export const startFakeModel = (port = 0): FakeModel => {
  const fake = { asked: [] as Array<Asked>, replies: [] as Array<Reply>, otherwise: draftFor }
  const ending = new AbortController()
  const { signal } = ending
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {}, signal }, async (request) => {
    const { pathname } = new URL(request.url)
    const format = formats[pathname]
    if (request.method !== "POST" || format === undefined) return new Response(null, { status: 404 })
    const asked: Asked = {
      path: pathname,
      headers: request.headers,
      body: await request.json(),
    }
    fake.asked.push(asked)
    const reply = await (fake.replies.shift() ?? fake.otherwise)(asked)
    return reply instanceof Response ? reply : format(asked, reply)
  })
  return Object.assign(fake, {
    base_url: `http://127.0.0.1:${server.addr.port}/v1`,
    // at once: an answer that a test holds back must not hold back the end
    end: () => {
      ending.abort()
      return server.finished
    },
  })
}

if (import.meta.main) {
  const { base_url } = startFakeModel(Number(Deno.args[0] ?? 0))
  console.log(`a fake model listens at ${base_url}`)
}
