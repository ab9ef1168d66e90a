/** Figures over time: how runs ended and how late their drafts came, of all replicas together. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { Instant } from "../Protocol.ts"

/** How many points an answer has, whatever its window. */
export const FIGURE_POINTS = 60

/** The windows, in hours: points of one minute, 6 minutes and 24 minutes. */
export const FigureHours = Schema.Literals(["1", "6", "24"])
export type FigureHours = typeof FigureHours.Type

/** Of a stretch of time: the runs that became final in it, by how they ended, and the lateness of their drafts. */
const ended = {
  completed: Schema.Int,
  /** Cancelled or skipped; without those that were dead-lettered. */
  cancelled: Schema.Int,
  dead_lettered: Schema.Int,
  /** From when a run was due to when its draft was there, retries included, without runs that were caught up; null without any. */
  draft_lateness_p50_ms: Schema.NullOr(Schema.Finite),
  draft_lateness_p95_ms: Schema.NullOr(Schema.Finite),
}

/** The runs that became final from `at` on, until the next point. */
export const FigurePoint = Schema.Struct({ at: Instant, ...ended })
export type FigurePoint = typeof FigurePoint.Type

/** The figures of a window that ends now. */
export const Figures = Schema.Struct({
  from: Instant,
  to: Instant,
  points: Schema.Array(FigurePoint),
  /** Of the whole window. */
  total: Schema.Struct({
    ...ended,
    /** Dead letters whose first failure is in the window, and those that were closed in it. */
    dead_letters_opened: Schema.Int,
    dead_letters_closed: Schema.Int,
  }),
})
export type Figures = typeof Figures.Type

/** The endpoint of the figures. */
export class FiguresGroup extends HttpApiGroup.make("figures")
  .annotate(OpenApi.Title, "Figures")
  .annotate(OpenApi.Description, "How runs ended and how late their drafts came, over time.")
  .add(
    HttpApiEndpoint.get("figures", "/figures", {
      query: { hours: Schema.optionalKey(FigureHours) },
      success: Figures,
    }).annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "Get figures over time")
      .annotate(
        OpenApi.Description,
        "Operators and viewers: of the last 1, 6 or 24 `hours` (default 1), 60 points with the runs that became final in each, " +
          "by outcome, and the median and 95 % quantile of their drafts' lateness; and the same of the whole window. " +
          "An answer may be some seconds old.",
      ),
  )
  .prefix("/scheduler") {}
