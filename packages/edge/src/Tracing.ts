/**
 * Spans over OTLP (OpenTelemetry), where `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector; elsewhere none is made. A request is a
 * span, and so is what it calls and asks the database for; work that no request waits for has the spans of `traced` alone.
 */
import { Context, Effect, Layer, References, Tracer } from "effect"
import { FetchHttpClient } from "effect/http"
import { OtlpSerialization, OtlpTracer } from "effect/observability"
import { httpUrl } from "./Places.ts"
import { version } from "./Version.ts"

/** The url of a collector that takes OTLP over HTTP, without its `/v1/traces`. */
export const COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"

/** How often ended spans are sent. */
const EVERY = "1 second"

/** Whether spans are made and sent. */
export const Traced = Context.Reference<boolean>("stint/Traced", { defaultValue: () => false })

/** Whether the environment names a collector. */
export const isTraced = (env: Readonly<Record<string, string | undefined>>): boolean => (env[COLLECTOR] ?? "") !== ""

/** Sends the spans of the service of that name. Fails with a Refusal when the collector's url is none. */
export const layer = (service: string) =>
  Layer.unwrap(Effect.map(httpUrl(COLLECTOR), (url) => {
    // the native tracer has no reader: its spans cost and are lost
    const none = Layer.succeed(References.TracerEnabled, false)
    if (url._tag === "None") return none
    return Layer.mergeAll(
      none,
      Layer.succeed(Traced, true),
      OtlpTracer.layer({
        url: `${url.value.href.replace(/\/$/, "")}/v1/traces`,
        resource: { serviceName: `stint-${service}`, serviceVersion: version },
        exportInterval: EVERY,
      }).pipe(Layer.provide(OtlpSerialization.layerJson), Layer.provide(FetchHttpClient.layer)),
    )
  }))

/** What a request is handled with where spans are made, besides what the layers give. */
export const ofRequest = Context.make(References.TracerEnabled, true)

/** A place in a trace. */
export interface Place {
  readonly traceId: string
  readonly spanId: string
}

/** Runs the effect within a span of that trace, linked to the span that it is called from; without one where none is made. */
export const traced = (
  name: string,
  where: Effect.Effect<Place>,
  attributes: Readonly<Record<string, unknown>>,
): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> =>
(effect) =>
  Effect.flatMap(Traced, (on) => {
    if (!on) return effect
    return Effect.flatMap(Effect.zip(where, Effect.serviceOption(Tracer.ParentSpan)), ([place, above]) =>
      effect.pipe(
        Effect.withSpan(name, {
          parent: Tracer.externalSpan({ ...place, sampled: true }),
          attributes,
          links: above._tag === "None" ? [] : [{ span: above.value, attributes: {} }],
        }),
        Effect.provideService(References.TracerEnabled, true),
      ))
  }) as never
