/**
 * Spans and the log over OTLP (OpenTelemetry), where `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector; elsewhere no span is made, and
 * the log goes to standard output alone. A request is a span, and so is what it calls and asks the database for; work that no
 * request waits for has the spans of `traced` alone.
 */
import { Config, Context, Effect, Layer, Logger, Option, References, Tracer } from "effect"
import { FetchHttpClient, HttpMiddleware } from "effect/http"
import { OtlpExporter, OtlpLogger, OtlpSerialization, OtlpTracer } from "effect/observability"
import { saidIn } from "./Logs.ts"
import { httpUrl } from "./Places.ts"
import { Refusal } from "./Refusal.ts"
import { version } from "./Version.ts"

/** The url of a collector that takes OTLP over HTTP, without its `/v1/traces` and `/v1/logs`. */
export const COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"

/** How often ended spans and lines of the log are sent. */
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

/** The same with each message as the lines of the log have it: a list of parts would stay one. */
const said = (logger: Logger.Logger<unknown, void>) =>
  Logger.make<unknown, void>((record) => logger.log({ ...record, message: saidIn(record.message) }))

/**
 * Sends the spans of the service of that name, and its log, which still goes where it went before. Fails with a Refusal when the
 * collector's url is none.
 */
export const layer = (service: string) =>
  Layer.unwrap(Effect.map(httpUrl(COLLECTOR), (url) => {
    // the native tracer has no reader: its spans cost and are lost
    if (Option.isNone(url)) return Layer.succeed(References.TracerEnabled, false)
    const collector = url.value.href.replace(/\/$/, "")
    const sent = {
      resource: { serviceName: `stint-${service}`, serviceVersion: version },
      exportInterval: EVERY,
    } as const
    const tracer = OtlpTracer.layer({ url: `${collector}/v1/traces`, ...sent })
    const log = Logger.layer([Effect.map(OtlpLogger.make({ url: `${collector}/v1/logs`, ...sent }), said)], {
      mergeWithExisting: true,
    })
    return Layer.mergeAll(
      Layer.succeed(Traced, true),
      HttpMiddleware.layerTracerDisabledForUrls(PROBES),
      Layer.merge(log, Layer.provide(Layer.effect(Tracer.Tracer, rooted), tracer)).pipe(
        Layer.provide([OtlpSerialization.layerJson, FetchHttpClient.layer, OtlpExporter.layerFlusher]),
      ),
    )
  }))

/** What stands for the id in `STINT_TRACE_URL`. */
const ID = "{trace_id}"

/**
 * Where a person sees a trace: `STINT_TRACE_URL` with the trace's id in place of `{trace_id}`; undefined unless that is set. Fails
 * with a Refusal when it is no url, or has no place for the id.
 */
export const traceUrl = Effect.gen(function* () {
  const name = "STINT_TRACE_URL"
  const url = yield* httpUrl(name)
  const text = yield* Config.String(name).pipe(Config.withDefault(""))
  if (Option.isSome(url) && !text.includes(ID)) {
    return yield* new Refusal({ message: `${name} must have ${ID} where the id of a trace goes` })
  }
  return (traceId: string): string | undefined => Option.isNone(url) ? undefined : text.replaceAll(ID, traceId)
})

/** A place in a trace. */
export interface Place {
  readonly traceId: string
  readonly spanId: string
}

/** The span that it is called from; undefined where none is made, or sent. */
export const here: Effect.Effect<Place | undefined> = Effect.flatMap(
  Traced,
  (on) =>
    on
      ? Effect.map(
        Effect.serviceOption(Tracer.ParentSpan),
        (span) =>
          Option.isSome(span) && span.value.sampled
            ? { traceId: span.value.traceId, spanId: span.value.spanId }
            : undefined,
      )
      : Effect.succeed(undefined),
)

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
