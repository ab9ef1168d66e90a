/** An API of things, to try the edge with. */
import { Access, Authorization, Callers, CurrentCaller, Needs } from "@stint/domain/Caller"
import { BodyLimits, Idempotency, IdempotencyHeader, RateLimits, RequestProblems, strict } from "@stint/domain/Protocol"
import { middlewares } from "@stint/edge/Handler"
import { IdempotencyRepo } from "@stint/edge/Idempotency/Repo"
import { StateMetrics } from "@stint/edge/Metrics"
import * as Pg from "@stint/edge/Pg"
import { RateRepo } from "@stint/edge/RateLimit/Repo"
import { Effect, Layer, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { startService } from "../../../tests/support/Service.ts"

class ThingsGroup extends HttpApiGroup.make("things").add(
  HttpApiEndpoint.post("make", "/things/:id", {
    params: { id: Schema.String },
    query: { a: Schema.optionalKey(Schema.String), b: Schema.optionalKey(Schema.String) },
    headers: IdempotencyHeader,
    payload: Schema.Record(Schema.String, Schema.Json),
    success: Schema.Struct({ made: Schema.Int }),
  }).annotate(Access, ["customer"]),
  HttpApiEndpoint.post("sign", "/things/:id/sign", {
    params: { id: Schema.String },
    headers: IdempotencyHeader,
    success: Schema.Struct({ signed_by: Schema.String, signatures: Schema.Int }),
  }).annotate(Access, ["customer", "operator"]).annotate(Needs, "reviewer"),
  HttpApiEndpoint.post("look", "/things/:id/look", { params: { id: Schema.String }, success: Schema.Struct({}) })
    .annotate(Access, ["customer"]).annotate(Needs, "reader"),
  HttpApiEndpoint.get("get", "/things/:id", { params: { id: Schema.String }, success: Schema.Struct({}) })
    .annotate(Access, ["customer", "operator", "service"]).annotate(Callers, ["scheduler"]),
) {}
class ThingsApi extends HttpApi.make("odd-things").add(ThingsGroup).prefix("/api/v1")
  .middleware(Idempotency).middleware(BodyLimits).middleware(RateLimits).middleware(Authorization)
  .middleware(RequestProblems).annotateMerge(strict)
  .annotateMerge(OpenApi.annotations({ title: "Stint things" })) {}

/** How many things were made, or begun and wait for the gate; how often one was signed. */
export const counter = { begun: 0, made: 0, signed: 0, gate: Effect.void as Effect.Effect<void> }
const handlers = HttpApiBuilder.group(
  ThingsApi,
  "things",
  Effect.fn(function* (handlers) {
    yield* Effect.void
    return handlers.handleAll({
      make: () =>
        Effect.suspend(() => {
          counter.begun++
          return Effect.as(counter.gate, undefined)
        }).pipe(Effect.map(() => ({ made: ++counter.made }))),
      sign: () => Effect.map(CurrentCaller, ({ subject }) => ({ signed_by: subject, signatures: ++counter.signed })),
      look: () => Effect.succeed({}),
      get: () => Effect.succeed({}),
    })
  }),
)
/** Starts it. */
export const start = (env: Record<string, string>, storage: Layer.Layer<IdempotencyRepo | RateRepo, unknown, never>) =>
  startService(
    HttpApiBuilder.layer(ThingsApi, { openapiPath: "/openapi.json" }).pipe(
      Layer.provide(handlers),
      Layer.provide(middlewares("things")),
      Layer.provide(storage),
    ) as Layer.Layer<never>,
    env,
  )
/** Its storages. */
export const inMemory = Layer.merge(IdempotencyRepo.layerMemory, RateRepo.layerMemory)
export const onPostgres = Layer.merge(IdempotencyRepo.layer, RateRepo.layer).pipe(
  Layer.provide(Pg.layer("catalog")),
  Layer.provide(Layer.sync(StateMetrics, StateMetrics.make)),
) as Layer.Layer<IdempotencyRepo | RateRepo>
