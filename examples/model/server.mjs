/**
 * A stand-in for a language model: it speaks OpenAI's chat completions, and answers with made-up text that is valid by the JSON
 * schema it was asked for. It needs no network and no key: node examples/model/server.mjs [PORT]
 */
import { createServer } from "node:http"

const port = Number(process.argv[2] ?? 4190)

/** A made-up value by a schema as Stint sends it. */
const valueOf = (schema, defs, name, about) => {
  if (schema.$ref !== undefined) return valueOf(defs[schema.$ref.split("/").at(-1)], defs, name, about)
  if (schema.enum !== undefined) return schema.enum[0]
  switch (schema.type) {
    case "object":
      return Object.fromEntries(
        (schema.required ?? []).map((key) => [key, valueOf(schema.properties[key], defs, key, about)]),
      )
    case "array":
      return [valueOf(schema.items ?? {}, defs, name, about)]
    case "number":
    case "integer":
      return 1
    case "boolean":
      return true
    default:
      return `A made-up ${name} for ${about}`
  }
}

const readAll = async (request) => {
  let text = ""
  for await (const part of request) text += part
  return JSON.parse(text)
}

const server = createServer(async (request, response) => {
  if (request.method !== "POST" || request.url !== "/v1/chat/completions") return response.writeHead(404).end()
  const { messages, model, response_format } = await readAll(request)
  const schema = response_format?.json_schema?.schema ?? { type: "object" }
  // the data of the run is one line of JSON, between two lines of Stint's
  const data = messages.find(({ role }) => role === "user").content.split("\n").find((line) => line.startsWith("{"))
  const { business_name, brand_name, nickname } = JSON.parse(data ?? "{}").config ?? {}
  const about = business_name ?? brand_name ?? nickname ?? "you"
  const content = JSON.stringify(valueOf(schema, schema.$defs ?? {}, "text", about))
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: { prompt_tokens: 900, completion_tokens: 120, total_tokens: 1020 },
  }))
})

server.listen(
  port,
  "127.0.0.1",
  () => console.log(`a made-up model listens at http://127.0.0.1:${server.address().port}/v1`),
)
