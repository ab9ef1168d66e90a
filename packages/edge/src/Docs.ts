/** The documentation of a service at `/docs`: Swagger UI; and documents of APIs that others serve. */
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { type HttpApi, type HttpApiGroup, HttpApiSwagger, OpenApi } from "effect/http-api"

/** Adds `/docs` for the API. Its 2 MB of program are loaded for the first who asks: no start and no idle service needs them. */
export const layer = <Id extends string, Groups extends HttpApiGroup.Constraint>(api: HttpApi.HttpApi<Id, Groups>) =>
  HttpRouter.use(Effect.fnUntraced(function* (router) {
    const page = yield* Effect.cached(Effect.gen(function* () {
      const own = yield* HttpRouter.make
      yield* Layer.build(HttpApiSwagger.layer(api, { path: "/docs" })).pipe(
        Effect.provideService(HttpRouter.HttpRouter, own),
        Effect.scoped,
      )
      return own.asHttpEffect()
    }))
    yield* router.add("GET", "/docs", Effect.flatten(page))
  }))

/** Adds the OpenAPI document of an API that this service calls and does not serve, for those who write such a program. */
export const document = <Id extends string, Groups extends HttpApiGroup.Constraint>(
  path: `/${string}`,
  api: HttpApi.HttpApi<Id, Groups>,
) =>
  HttpRouter.use((router) =>
    router.add("GET", path, Effect.sync(() => HttpServerResponse.jsonUnsafe(OpenApi.fromApi(api))))
  )
