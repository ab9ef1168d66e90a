/** How runs of a period ended, counted for other services. */
import { RETENTION } from "@stint/domain/Retention"
import type { Outcomes as Counted } from "@stint/domain/scheduler/Outcomes"
import { InvalidRequest } from "@stint/domain/Problem"
import { Context, DateTime, Effect, Layer } from "effect"
import { OutcomesRepo, type Whose } from "./Outcomes/Repo.ts"

/** Whose runs, with slots in [from, to). */
export interface OutcomesQuery {
  readonly hired_instance_id?: string
  readonly customer_id?: string
  readonly from: DateTime.Utc
  readonly to: DateTime.Utc
}

/** Outcomes of runs. */
export class Outcomes extends Context.Service<Outcomes, {
  /** Of one hire or of one customer. */
  count(query: OutcomesQuery): Effect.Effect<Counted, InvalidRequest>
}>()("scheduler/Outcomes") {
  static readonly layer = Layer.effect(
    Outcomes,
    Effect.gen(function* () {
      const repo = yield* OutcomesRepo
      return Outcomes.of({
        count: Effect.fn("Outcomes.count")(function* ({ customer_id, from, hired_instance_id, to }) {
          const whose: Whose | undefined = hired_instance_id !== undefined
            ? { hire: hired_instance_id }
            : customer_id !== undefined
            ? { customer: customer_id }
            : undefined
          if (whose === undefined) {
            const message = "is needed, or hired_instance_id"
            return yield* new InvalidRequest({
              detail: `customer_id ${message}`,
              errors: [{ path: "query.customer_id", message }],
            })
          }
          // Older ones may be gone or not, since they are kept so long after their end: they are left out
          const since = DateTime.max(from, DateTime.subtract(yield* DateTime.now, { days: RETENTION.runs }))
          const runs = yield* repo.count(whose, DateTime.toEpochMillis(since), DateTime.toEpochMillis(to))
          return { runs, since }
        }),
      })
    }),
  )
}
