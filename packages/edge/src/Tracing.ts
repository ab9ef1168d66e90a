/**
 * Spans over OTLP (OpenTelemetry), where `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector; elsewhere none is made. A request is a
 * span, and so is what it calls and asks the database for; work that no request waits for has the spans of `traced` alone.
 */
import { Context, Effect, Layer, Option, References, Tracer } from "effect"
import { FetchHttpClient, HttpMiddleware } from "effect/http"
import { OtlpSerialization, OtlpTracer } from "effect/observability"
import { httpUrl } from "./Places.ts"
import { version } from "./Version.ts"

/** The url of a collector that takes OTLP over HTTP, without its `/v1/traces`. */
export const COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"

/** How often ended spans are sent. */
const EVERY = "1 second"

/** Whether spans are made and sent. */
export const Traced = Context.Reference<boolean>("stint/Traced", { defaultValue: () => false })

/** Asked every few seconds by whoever watches a service: no span is made of them. */
const PROBES = ["/livez", "/readyz", "/metrics"]

/**
 * The same, without what no request and no run is above: the turns of a background loop would be a trace each. They are made and not
 * sent, and neither is what they call.
 */
const rooted = Effect.map(Tracer.Tracer, (tracer) =>
  Tracer.make({
    ...tracer,
    span: (options) =>
      tracer.span(
        options.kind === "server" || Option.isSome(options.parent) ? options : { ...options, sampled: false },
      ),
  }))

/** Sends the spans of the service of that name. Fails with a Refusal when the collector's url is none. */
export const layer = (service: string) =>
  Layer.unwrap(Effect.map(httpUrl(COLLECTOR), (url) => {
    // the native tracer has no reader: its spans cost and are lost
    if (Option.isNone(url)) return Layer.succeed(References.TracerEnabled, false)
    const tracer = OtlpTracer.layer({
      url: `${url.value.href.replace(/\/$/, "")}/v1/traces`,
      resource: { serviceName: `stint-${service}`, serviceVersion: version },
      exportInterval: EVERY,
    })
    return Layer.mergeAll(
      Layer.succeed(Traced, true),
      HttpMiddleware.layerTracerDisabledForUrls(PROBES),
      Layer.effect(Tracer.Tracer, rooted).pipe(
        Layer.provide(tracer),
        Layer.provide([OtlpSerialization.layerJson, FetchHttpClient.layer]),
      ),
    )
  }))

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
      ))
  }) as never
