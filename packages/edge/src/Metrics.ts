/**
 * `/metrics` in Prometheus' text format: the requests of this process, and readings of the service's state, which are
 * taken from its storage at a scrape and cached for some seconds. No label holds an id.
 */
import { Cause, Context, type Duration, Effect, Layer, Metric } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { PrometheusMetrics } from "effect/observability"

/** A number of a service's state now. */
export interface Gauge {
  /** Without the prefix `stint_`. */
  readonly name: string
  readonly help: string
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
  /** A counter never falls, also over restarts; a gauge (the default) may. */
  readonly kind?: "gauge" | "counter"
}

/** A histogram whose observations are counted elsewhere, for example in the database. */
export interface Distribution {
  /** Without the prefix `stint_`. */
  readonly name: string
  readonly help: string
  /** Upper bounds, ascending, each with the count of its own bucket (not cumulative). */
  readonly buckets: ReadonlyArray<readonly [bound: number, count: number]>
  /** How many observations are above the last bound. */
  readonly above: number
  readonly sum: number
}

/** A value of a reading. */
export type Figure = Gauge | Distribution

/** How long a reading is cached, unless it says otherwise. */
const CACHED: Duration.Input = "5 seconds"
/** Upper bounds of the latency buckets, in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** A registry for one service: services in one process, as in a test, must not share counts. */
const registryContext = () => Context.make(Metric.MetricRegistry, new Map())

const PREFIX = "stint"

/** Counts requests. */
export interface RequestMetrics {
  /** Counts one request. `route` is the template of its route, undefined for none of the contract. */
  count(method: string, route: string | undefined, status: number, tookMs: number): void
  /** The counts, in Prometheus' format. */
  text(): string
}

/** The request counters of one service, made before its layers. */
export const makeRequestMetrics = (): RequestMetrics => {
  const context = registryContext()
  const known = new Map<string, (seconds: number) => void>()
  const make = (method: string, route: string, status: number) => {
    const attributes = { method, route }
    const total = Metric.counter("http_requests_total", {
      description: "Requests answered, by route and status",
      incremental: true,
      attributes: { ...attributes, status: String(status) },
    })
    const duration = Metric.histogram("http_request_duration_seconds", {
      description: "Time from a request's arrival to its answer, by route",
      boundaries: BUCKETS,
      attributes,
    })
    return (seconds: number) => {
      total.updateUnsafe(1, context)
      duration.updateUnsafe(seconds, context)
    }
  }
  return {
    count: (method, route = "none", status, tookMs) => {
      // an unknown method must not make a series of its own
      const verb = route === "none" ? "any" : method
      const key = `${verb} ${route} ${status}`
      let update = known.get(key)
      if (update === undefined) known.set(key, update = make(verb, route, status))
      update(tookMs / 1000)
    },
    text: () => PrometheusMetrics.formatUnsafe(context, { prefix: PREFIX }),
  }
}

/** Written by hand: Effect's histograms take single observations, and these are counted already. */
const distributionText = ({ above, buckets, help, name, sum }: Distribution): string => {
  const full = `${PREFIX}_${name}`
  let below = 0
  const lines = buckets.map(([bound, count]) => `${full}_bucket{le="${bound}"} ${below += count}`)
  const all = below + above
  const ends = [`${full}_bucket{le="+Inf"} ${all}`, `${full}_sum ${sum}`, `${full}_count ${all}`]
  return [`# HELP ${full} ${help}`, `# TYPE ${full} histogram`, ...lines, ...ends, ""].join("\n")
}

const figuresText = (figures: ReadonlyArray<Figure>): string => {
  const context = registryContext()
  const distributions: Array<string> = []
  for (const figure of figures) {
    if ("buckets" in figure) distributions.push(distributionText(figure))
    else {
      const { help: description, kind = "gauge", labels: attributes = {}, name, value } = figure
      const options = { description, attributes }
      const metric = kind === "gauge"
        ? Metric.gauge(name, options)
        : Metric.counter(name, { ...options, incremental: true })
      metric.updateUnsafe(value, context)
    }
  }
  return PrometheusMetrics.formatUnsafe(context, { prefix: PREFIX }) + distributions.join("")
}

/** The readings of a service's state. */
export class StateMetrics extends Context.Service<StateMetrics, {
  /**
   * Adds a reading, which is cached for `cachedFor` (default 5 seconds). While it fails, or takes over 2 seconds, its
   * figures are left out and `stint_state_readable` is 0 for it.
   */
  add(name: string, read: Effect.Effect<ReadonlyArray<Figure>>, cachedFor?: Duration.Input): Effect.Effect<void>
  /** The figures of all readings, and whether each could be read. */
  readonly read: Effect.Effect<ReadonlyArray<Figure>>
}>()("stint/StateMetrics") {
  /** Made before the layers of the service. */
  static make(): StateMetrics["Service"] {
    const readings: Array<Effect.Effect<ReadonlyArray<Figure>>> = []
    return StateMetrics.of({
      add: (name, read, cachedFor = CACHED) =>
        Effect.map(
          Effect.cachedWithTTL(
            read.pipe(
              Effect.timeout("2 seconds"),
              Effect.map((figures): ReadonlyArray<Figure> => [...figures, readable(name, 1)]),
              Effect.catchCause((cause) =>
                Effect.as(Effect.logDebug(`metrics: ${name} can't be read`, Cause.squash(cause)), [readable(name, 0)])
              ),
            ),
            cachedFor,
          ),
          (cached) => void readings.push(cached),
        ),
      read: Effect.suspend(() => Effect.map(Effect.all(readings, { concurrency: "unbounded" }), (all) => all.flat())),
    })
  }
}

const readable = (reading: string, value: 0 | 1): Gauge => ({
  name: "state_readable",
  help: "Whether this part of the state could be read for this scrape",
  labels: { reading },
  value,
})

/** The route `/metrics`. */
export const routes = (requests: RequestMetrics) =>
  HttpRouter.use(Effect.fnUntraced(function* (router) {
    const state = yield* StateMetrics
    yield* router.add(
      "GET",
      "/metrics",
      Effect.map(state.read, (figures) =>
        HttpServerResponse.text(figuresText(figures) + requests.text(), {
          contentType: "text/plain; version=0.0.4; charset=utf-8",
        })),
    )
  }))

/** A layer that adds a reading. */
export const reading = <E, R>(
  name: string,
  make: Effect.Effect<Effect.Effect<ReadonlyArray<Figure>>, E, R>,
  cachedFor?: Duration.Input,
): Layer.Layer<never, E, R | StateMetrics> =>
  Layer.effectDiscard(Effect.gen(function* () {
    const state = yield* StateMetrics
    yield* state.add(name, yield* make, cachedFor)
  }))
