/** The client of another service keeps its deadline. */
import * as Client from "@stint/edge/Client"
import { Files } from "@stint/edge/Files"
import { assert, it } from "@effect/vitest"
import { ConfigProvider, type Duration, Effect, Layer, Schema } from "effect"
import { FetchHttpClient, HttpClientError } from "effect/http"
import { HttpApi, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"

const Api = HttpApi.make("api").add(
  HttpApiGroup.make("things").add(HttpApiEndpoint.get("one", "/one", { success: Schema.Struct({ n: Schema.Int }) })),
)

/** Asks for the thing of a service that answers so. */
const ask = (answer: () => Promise<Response>, deadline: Duration.Input = "50 millis") =>
  Effect.gen(function* () {
    const client = yield* Client.make(Api, { name: "catalog", deadline })
    return yield* client.things.one()
  }).pipe(
    Effect.provide(Client.layer),
    Effect.provide([
      Layer.succeed(
        Files,
        Files.of({
          read: () => Effect.succeed("token"),
          readFrom: () => Effect.succeed(new Uint8Array()),
          appendLine: () => Effect.void,
        }),
      ),
      ConfigProvider.layer(ConfigProvider.fromEnvRecord({ STINT_SERVICE_TOKEN_FILE: "token" })),
      Layer.succeed(FetchHttpClient.Fetch, answer as typeof globalThis.fetch),
    ]),
  )

const headers = { "content-type": "application/json" }

it.live("an answer in time is decoded", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* ask(() => Promise.resolve(new Response(`{"n":1}`, { headers })), "1 minute"), {
      n: 1,
    })
  }))

it.live.each(
  [
    ["no headers come", () => new Promise<Response>(() => {})],
    [
      "the body ends in the middle",
      () => {
        const body = new ReadableStream({ start: (to) => to.enqueue(new TextEncoder().encode(`{"n":`)) })
        return Promise.resolve(new Response(body, { headers }))
      },
    ],
  ] as const,
)("a call fails when %s", ([, answer]) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(ask(answer))
    assert.isTrue(HttpClientError.isHttpClientError(error))
  }))
