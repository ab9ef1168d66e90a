/** The maker `model` against servers that mean harm: each ends as a typed failure, within bounds of memory and time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { events, sse } from "../../../tests/support/FakeModel.ts"
import { until } from "../../../tests/support/Until.ts"
import { errorOf, good, KEY, making, providers, says, withFake } from "./support/Models.ts"

/** A stream that goes on with the same piece until it is cancelled; how many pieces were taken, and whether it was left. */
const endless = (piece: string) => {
  const bytes = new TextEncoder().encode(piece)
  const seen = { pieces: 0, left: false }
  const body = () =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => {
        seen.pieces++
        controller.enqueue(bytes)
      },
      cancel: () => void (seen.left = true),
    })
  const reply = () => new Response(body(), { headers: { "content-type": "text/event-stream" } })
  return { reply, seen, size: bytes.length }
}

const deltas = {
  "openai-compatible": (content: string) =>
    [undefined, { choices: [{ delta: { content }, finish_reason: null }] }] as const,
  anthropic: (text: string) =>
    ["content_block_delta", { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }] as const,
}

/** A whole answer of a provider with these counts of tokens. */
const counted = {
  "openai-compatible": (prompt_tokens: unknown, completion_tokens: unknown) => ({
    choices: [{ message: { content: JSON.stringify(good) }, finish_reason: "stop" }],
    usage: { prompt_tokens, completion_tokens },
  }),
  anthropic: (input_tokens: unknown, output_tokens: unknown) => ({
    content: [{ type: "text", text: JSON.stringify(good) }],
    stop_reason: "end_turn",
    usage: { input_tokens, output_tokens },
  }),
}

describe.each(providers)("a hostile model of the provider %s", (name) => {
  it.live.each<[string, string]>([
    ["text", events([deltas[name]("x".repeat(20_000))])],
    ["comments", `: ${"x".repeat(20_000)}\n\n`],
    ["events of no kind", events([[undefined, { type: "ping", choices: [], padding: "x".repeat(20_000) }]])],
    ["one event without an end", "data: ".padEnd(20_000, "x").replaceAll("\n", "")],
  ])(
    "that streams %s without an end is left, its connection closed",
    ([, piece]) =>
      withFake((fake) =>
        Effect.gen(function* () {
          const { reply, seen, size } = endless(piece)
          fake.replies.push(reply)
          const outcome = yield* making(fake.base_url, name)
          assert.strictEqual(errorOf(outcome)._tag, "MakerFailed")
          assert.strictEqual(outcome.calls[0]!.end!.outcome, "failed")
          yield* Effect.promise(() => until("the stream is left", () => seen.left))
          // what lies in sockets between the two comes on top of the 8 MiB that are read
          assert.isBelow(seen.pieces * size, 32 * 1024 * 1024)
        })
      ),
  )

  it.live.each<[string, unknown, unknown]>([
    ["fewer than none", -1, 10],
    ["fewer than none out", 10, -5],
    ["parts of", 1.5, 10],
    ["more than there are", 1e308, 10],
    ["words for", "many", 10],
  ])(
    "that counts %s tokens fails for now, and the call counts with its most",
    ([, tokensIn, tokensOut]) =>
      withFake((fake) =>
        Effect.gen(function* () {
          fake.replies.push(() => Response.json(counted[name](tokensIn, tokensOut)))
          const outcome = yield* making(fake.base_url, name, { model: { stream: false } })
          assert.strictEqual(errorOf(outcome)._tag, "MakerFailed")
          const [{ call, end } = {}] = outcome.calls
          assert.deepInclude(end!, { outcome: "failed", cost: call!.max_cost })
        })
      ),
  )

  it.live.each<[string, string]>([
    [
      "begins with its end",
      name === "anthropic" ? events([["message_stop", { type: "message_stop" }]]) : events([[undefined, "[DONE]"]]),
    ],
    ["has text alone", events([deltas[name](JSON.stringify(good))])],
    ["has an event half a million deep", `data: ${"[".repeat(400_000)}${"]".repeat(400_000)}\n\n`],
    ["has events that are lists", events([[undefined, [1, 2]], [undefined, []]])],
    [
      "has an unknown index and nothing else",
      events([["content_block_stop", { type: "content_block_stop", index: -7, choices: [] }]]),
    ],
  ])("whose stream %s fails for now", ([, text]) =>
    withFake((fake) =>
      Effect.gen(function* () {
        fake.replies.push(() => sse(text))
        assert.strictEqual(errorOf(yield* making(fake.base_url, name))._tag, "MakerFailed")
      })
    ))

  it.live("whose answers are nested half a million deep make no draft", () =>
    withFake((fake) =>
      Effect.gen(function* () {
        const deep = `{"title":"A","fields":${"[".repeat(400_000)}${"]".repeat(400_000)}}`
        fake.replies.push(says(deep), says(deep))
        const outcome = yield* making(fake.base_url, name, { model: { stream: false } })
        assert.strictEqual(errorOf(outcome)._tag, "DraftNotValid")
        assert.lengthOf(outcome.calls, 2)
      })
    ))

  it.live("that sends its caller elsewhere is not followed: nobody else gets the key", () =>
    withFake((other) =>
      withFake((fake) =>
        Effect.gen(function* () {
          for (const status of [301, 302, 303, 307, 308]) {
            fake.replies.push(() =>
              new Response(null, { status, headers: { location: `${other.base_url}/chat/completions` } })
            )
            const outcome = yield* making(fake.base_url, name)
            assert.strictEqual(errorOf(outcome)._tag, "MakerMisconfigured")
            assert.notInclude(outcome.logged, KEY)
          }
          assert.lengthOf(other.asked, 0)
        })
      )
    ))
})

it.live("a model whose answer is a bomb of gzip is left before it is unpacked whole", () =>
  withFake((fake) =>
    Effect.gen(function* () {
      const zeros = new Blob([new Uint8Array(16 * 1024 * 1024)]).stream().pipeThrough(new CompressionStream("gzip"))
      const bomb = yield* Effect.promise(() => new Response(zeros).arrayBuffer())
      const headers = { "content-type": "application/json", "content-encoding": "gzip" }
      fake.replies.push(() => new Response(bomb, { headers }))
      const outcome = yield* making(fake.base_url, providers[0], { model: { stream: false } })
      assert.match((errorOf(outcome) as { detail: string }).detail, /The model sent more than \d+ bytes/)
    })
  ))
