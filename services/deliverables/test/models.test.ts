/** The maker `model` against servers that speak the real wire formats: how each failure is told, and what is recorded of a call. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Result } from "effect"
import { events, sse, startFakeModel } from "../../../tests/support/FakeModel.ts"
import { until } from "../../../tests/support/Until.ts"
import { type Call, errorOf, good, KEY, making, providers, says, withFake } from "./support/Models.ts"

describe.each(providers)("a model of the provider %s", (name) => {
  describe.each([true, false])("stream: %s", (stream) => {
    const model = { stream }

    it.effect("makes a draft by the template's output; the call costs what its provider counted", () =>
      withFake((fake) =>
        Effect.gen(function* () {
          fake.replies.push(says(good, { usage: { in: 1_000, out: 300 } }))
          const made = yield* making(fake.base_url, name, { model })
          assert.deepStrictEqual(Result.getOrThrow(made.result), {
            title: "The week",
            payload: {
              type: "structured_deliverable_v1",
              draft_only: true,
              goal_template_id: "digest.weekly.v1",
              goal_instance_id: "GOI-1",
              intent_action: "publish",
              ...good,
            },
          } as never)
          assert.strictEqual(fake.asked.length, 1)
          const [{ call, end } = {}] = made.calls
          assert.deepStrictEqual(end, { outcome: "answered", tokens_in: 1_000, tokens_out: 300, cost: 5_000 })
          assert.deepInclude(call, { place: "model:writer", model: "writer-large" })
          // the most: each byte of the request a token, and the whole answer
          assert.isAtLeast(call!.max_tokens, JSON.stringify(fake.asked[0]!.body).length + 500)
          assert.strictEqual(call!.max_cost, (call!.max_tokens - 500) * 2 + 500 * 10)
          if (stream) assert.match(made.notes.at(-1)!, /has written \d+ characters/)
        })
      ))

    it.effect("is told once what is wrong with its answer, as data; then the draft is not valid", () =>
      withFake((fake) =>
        Effect.gen(function* () {
          const bad = { title: " ", fields: { headline: "x".repeat(81), sources: [], more: 1 } }
          fake.replies.push(says(bad), says(good))
          const mended = yield* making(fake.base_url, name, { model })
          assert.strictEqual(Result.getOrThrow(mended.result).title, "The week")
          assert.strictEqual(mended.calls.length, 2)
          const turns = fake.asked[1]!.body.messages.filter(({ role }: { role: string }) => role !== "system")
          assert.deepStrictEqual(turns.map(({ role }: { role: string }) => role), ["user", "assistant", "user"])
          assert.strictEqual(turns[1].content, JSON.stringify(bad))
          for (const path of ["$.title", "$.fields.headline", "$.fields.sources", "$.fields.more"]) {
            assert.include(turns[2].content, `"path":"${path}"`)
          }

          fake.replies.push(says(bad), says("no JSON at all"))
          const failed = yield* making(fake.base_url, name, { model })
          assert.deepInclude(errorOf(failed), {
            _tag: "DraftNotValid",
            errors: [{ path: "$", message: "must be one JSON object" }],
          })
          assert.strictEqual(fake.asked.length, 4)
          assert.deepStrictEqual(failed.calls.map(({ end }) => end?.outcome), ["answered", "answered"])
        })
      ))

    it.effect("that refuses ends the making, and what it used counts", () =>
      withFake((fake) =>
        Effect.gen(function* () {
          fake.replies.push(says("I can't help with that", { end: "content_filter", usage: { in: 10, out: 4 } }))
          const refused = yield* making(fake.base_url, name, { model })
          assert.strictEqual(errorOf(refused)._tag, "MakerRefused")
          assert.deepInclude(refused.calls[0]!.end!, { outcome: "refused", tokens_in: 10, tokens_out: 4, cost: 60 })
          assert.strictEqual(fake.asked.length, 1)
        })
      ))

    it.effect("whose answer is cut, or empty, is asked once more", () =>
      withFake((fake) =>
        Effect.gen(function* () {
          fake.replies.push(says('{"title": "The we', { end: "length" }), says(good))
          const cut = yield* making(fake.base_url, name, { model })
          assert.isTrue(Result.isSuccess(cut.result))
          assert.include(JSON.stringify(fake.asked[1]!.body), "cut at 500 tokens")
          fake.replies.push(says(""), says(" "))
          const empty = yield* making(fake.base_url, name, { model })
          assert.deepInclude(errorOf(empty), {
            _tag: "DraftNotValid",
            errors: [{ path: "$", message: "The model's answer is empty" }],
          })
        })
      ))

    it.effect("that does not say its tokens counts with the maximum", () =>
      withFake((fake) =>
        Effect.gen(function* () {
          fake.replies.push(says(good, { usage: null }))
          const { calls: [recorded] } = yield* making(fake.base_url, name, { model })
          const { call, end } = recorded!
          assert.strictEqual(end!.cost, call.max_cost)
          assert.strictEqual(end!.tokens_in + end!.tokens_out, call.max_tokens)
        })
      ))

    it.effect("that sends what is not of its format fails for now", () =>
      withFake((fake) =>
        Effect.gen(function* () {
          const type = { headers: { "content-type": stream ? "text/event-stream" : "application/json" } }
          const bodies = ["data: {\n\n", "<html>", "{}", 'data: {"type": "message_start"}\n\n', ""]
          for (const body of bodies) {
            fake.replies.push(() => new Response(body, type))
            const garbled = yield* making(fake.base_url, name, { model })
            assert.deepInclude(errorOf(garbled), { _tag: "MakerFailed" }, body)
            assert.deepInclude(garbled.calls[0]!.end!, { outcome: "failed", cost: garbled.calls[0]!.call.max_cost })
          }
          fake.replies.push(() => new Response(`data: "${"x".repeat(9 * 1024 * 1024)}`, type))
          assert.match(
            (errorOf(yield* making(fake.base_url, name, { model })) as { detail: string }).detail,
            /too large|more than/,
          )
        })
      ))
  })

  it.effect("that breaks off while it writes: nobody knows what that call cost, and it stays without an end", () =>
    withFake((fake) =>
      Effect.gen(function* () {
        fake.replies.push(() => {
          const begun = new TextEncoder().encode(events([[undefined, { type: "ping", choices: [] }]]))
          let isBegun = false
          const body = new ReadableStream({
            pull: (controller) => {
              if (isBegun) controller.error(new Error("the fake model breaks off"))
              else controller.enqueue(begun)
              isBegun = true
            },
          })
          return new Response(body, { headers: { "content-type": "text/event-stream" } })
        })
        const lost = yield* making(fake.base_url, name)
        assert.strictEqual(errorOf(lost)._tag, "MakerFailed")
        assert.isUndefined(lost.calls[0]!.end)
      })
    ))

  it.effect.each<[number, Record<string, string>, string, number | undefined]>([
    [429, { "retry-after": "7" }, "PlaceAway", 7_000],
    [408, {}, "PlaceAway", undefined],
    [503, {}, "PlaceAway", undefined],
    [529, {}, "PlaceAway", undefined],
    [500, {}, "MakerFailed", undefined],
    [502, {}, "MakerFailed", undefined],
    [504, {}, "MakerFailed", undefined],
    [400, {}, "MakerMisconfigured", undefined],
    [401, {}, "MakerMisconfigured", undefined],
    [404, {}, "MakerMisconfigured", undefined],
    [307, { location: "http://127.0.0.1:1/elsewhere" }, "MakerMisconfigured", undefined],
  ])("that answers %i %j is %s", ([status, headers, tag, retryAfter]) =>
    withFake((fake) =>
      Effect.gen(function* () {
        // a provider that repeats the key wherever it can
        const echo = JSON.stringify({
          type: "error",
          error: { type: KEY, code: "rate_limit_exceeded", message: `Incorrect API key provided: ${KEY}` },
        })
        fake.replies.push(() => new Response(echo, { status, headers: { ...headers, "x-echo": KEY } }))
        const failed = yield* making(fake.base_url, name)
        const error = errorOf(failed)
        assert.strictEqual(error._tag, tag)
        assert.strictEqual((error as { retryAfter?: number }).retryAfter, retryAfter)
        assert.deepInclude(failed.calls[0]!.end!, { outcome: "failed", tokens_in: 0, tokens_out: 0, cost: 0 })
        assert.include(failed.calls[0]!.end!.error, `${status} (rate_limit_exceeded)`)
        assert.strictEqual(fake.asked.length, 1)
        assert.notInclude(JSON.stringify([error, failed.calls, failed.notes]) + failed.logged, KEY)
      })
    ))

  it.effect("that its provider does not know is a fault of its setting: told by its kind, at once, free, without the provider's words", () =>
    withFake((fake) =>
      Effect.gen(function* () {
        const words = `The model writer-large does not exist for ${KEY}`
        // as each of the two says it
        const [kind, error] = name === "anthropic"
          ? ["not_found_error", {
            type: "error",
            error: { type: "not_found_error", message: words },
            request_id: "req_1",
          }]
          : ["model_not_found", {
            error: { message: words, type: "invalid_request_error", param: "model", code: "model_not_found" },
          }]
        for (const stream of [true, false]) {
          fake.replies.push(() => Response.json(error, { status: 404 }))
          const failed = yield* making(fake.base_url, name, { model: { stream } })
          const told = `The model answered 404 (${kind})`
          assert.deepInclude(errorOf(failed), { _tag: "MakerMisconfigured", detail: `${told} (model writer)` })
          assert.deepStrictEqual(failed.calls.map(({ end }) => end), [
            { outcome: "failed", tokens_in: 0, tokens_out: 0, cost: 0, error: told },
          ])
          assert.notInclude(JSON.stringify([errorOf(failed), failed.calls, failed.notes]) + failed.logged, words)
          assert.notInclude(failed.logged, KEY)
        }
        // the answer is final: no repair, no second try
        assert.lengthOf(fake.asked, 2)
        assert.strictEqual(fake.asked[0]!.body.model, "writer-large")
      })
    ))

  it.effect("whose name does not resolve is away, and no call is recorded", () =>
    Effect.gen(function* () {
      const away = yield* making("http://no-such-host.invalid:9/v1", name)
      assert.deepInclude(errorOf(away), { _tag: "PlaceAway", why: "The model writer can't be reached" })
      assert.deepStrictEqual(away.calls, [])
    }))

  it.effect("that nothing listens for is away, and no call is recorded", () =>
    Effect.gen(function* () {
      const fake = startFakeModel()
      yield* Effect.promise(() => fake.end())
      const away = yield* making(fake.base_url, name)
      assert.deepInclude(errorOf(away), { _tag: "PlaceAway", why: "The model writer can't be reached" })
      assert.deepStrictEqual(away.calls, [])
    }))

  it.effect("that breaks off its stream with an error: overloaded is away, any other fails for now", () =>
    withFake((fake) =>
      Effect.gen(function* () {
        const error = (type: string) => () => sse(events([["error", { type: "error", error: { type, message: KEY } }]]))
        fake.replies.push(error("overloaded_error"), error("api_error"))
        const first = yield* making(fake.base_url, name)
        assert.strictEqual(errorOf(first)._tag, name === "anthropic" ? "PlaceAway" : "MakerFailed")
        assert.strictEqual(errorOf(yield* making(fake.base_url, name))._tag, "MakerFailed")
      })
    ))

  it.effect("that is too slow is left: the connection ends, and the call stays without an end", () =>
    withFake((fake) =>
      Effect.gen(function* () {
        fake.replies.push(() => new Promise(() => {}))
        const calls: Array<Call> = []
        const signals: Array<AbortSignal> = []
        const fiber = yield* Effect.forkChild(making(fake.base_url, name, { calls, signals }))
        yield* Effect.promise(() => until("the model is asked", () => fake.asked.length === 1))
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(signals.map(({ aborted }) => aborted), [true])
        assert.deepStrictEqual(calls.map(({ end }) => end), [undefined])
      })
    ))

  it.effect("is not asked once the budget allows no more", () =>
    withFake((fake) =>
      Effect.gen(function* () {
        const over = yield* making(fake.base_url, name, { budget: 100 })
        assert.strictEqual(errorOf(over)._tag, "OverBudget")
        assert.strictEqual(fake.asked.length, 0)
      })
    ))

  it.effect("whose answer holds its key makes no draft: nothing stores a key", () =>
    withFake((fake) =>
      Effect.gen(function* () {
        const telling = { ...good, title: `The key is ${KEY}` }
        fake.replies.push(says(telling), says(telling))
        const refused = yield* making(fake.base_url, name)
        assert.strictEqual(errorOf(refused)._tag, "DraftNotValid")
        assert.notInclude(JSON.stringify([errorOf(refused), refused.calls, refused.notes]) + refused.logged, KEY)
        assert.notInclude(JSON.stringify(fake.asked.map(({ body }) => body)), KEY)
      })
    ))
})

describe("a model that can't be called", () => {
  it.effect("is a fault of its setting, told with what there is", () =>
    Effect.gen(function* () {
      const here = "http://127.0.0.1:1/v1"
      const unknown = errorOf(yield* making(here, "anthropic", { spec: { model: "painter" } }))
      assert.deepInclude(unknown, {
        _tag: "MakerMisconfigured",
        detail: "There is no model painter: STINT_MODELS has writer",
      })
      for (const secret_ref of ["nobody", "odd"]) {
        assert.strictEqual(
          errorOf(yield* making(here, "anthropic", { model: { secret_ref } }))._tag,
          "MakerMisconfigured",
        )
      }
    }))
})
