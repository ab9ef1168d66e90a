/** Figures over time, for people: outcomes and lateness, by point and of a whole window. */
import { FIGURE_POINTS, type FigureHours, type Figures as Answer } from "@stint/domain/scheduler/Figures"
import { Cache, Clock, Context, DateTime, Effect, Exit, Layer } from "effect"
import { FiguresRepo } from "./Figures/Repo.ts"
import type { EndedRow } from "./Figures/Row.ts"

/** For how long an answer is given to whoever asks: all who watch cost as much as one. */
const KEPT = "5 seconds"

const none: Omit<EndedRow, "point"> = {
  completed: 0,
  cancelled: 0,
  dead_lettered: 0,
  draft_lateness_p50_ms: null,
  draft_lateness_p95_ms: null,
}

const withoutPoint = ({ point: _, ...ended }: EndedRow): Omit<EndedRow, "point"> => ended

/** The figures of all replicas together. */
export class Figures extends Context.Service<Figures, {
  /** Of the hours before now. An answer may be five seconds old. */
  of(hours: FigureHours): Effect.Effect<Answer>
}>()("scheduler/Figures") {
  static readonly layer = Layer.effect(
    Figures,
    Effect.gen(function* () {
      const repo = yield* FiguresRepo
      const read = Effect.fn("Figures.of")(function* (hours: FigureHours) {
        const window = Number(hours) * 3_600_000
        const to = yield* Clock.currentTimeMillis
        const from = to - window
        const step = window / FIGURE_POINTS
        const { deadLetters, ended } = yield* repo.read({ from, to, step })
        const byPoint = new Map(ended.map((row) => [row.point, withoutPoint(row)]))
        return {
          from: DateTime.makeUnsafe(from),
          to: DateTime.makeUnsafe(to),
          points: Array.from({ length: FIGURE_POINTS }, (_, point) => ({
            at: DateTime.makeUnsafe(from + point * step),
            ...(byPoint.get(point) ?? none),
          })),
          total: { ...(byPoint.get(null) ?? none), ...deadLetters },
        }
      })
      const kept = yield* Cache.makeWith(read, {
        capacity: 3,
        timeToLive: (exit) => Exit.isSuccess(exit) ? KEPT : 0,
      })
      return Figures.of({ of: (hours) => Cache.get(kept, hours) })
    }),
  )
}
