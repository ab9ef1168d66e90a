import { CurrentCaller } from "@stint/domain/Caller"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Effect } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { Backfills } from "../Backfill.ts"

/** The handler of backfills. */
export const BackfillHttp = HttpApiBuilder.group(
  SchedulerApi,
  "backfill",
  Effect.fn(function* (handlers) {
    const backfills = yield* Backfills
    return handlers.handleAll({
      backfill: ({ payload }) =>
        Effect.flatMap(CurrentCaller, (caller) => backfills.backfill(caller, payload)).pipe(
          Effect.map((body) =>
            body.queued === 0 ? body : HttpApiSchema.withHeaders({
              body,
              headers: {
                location: `/api/v1/scheduler/runs?goal_instance_id=${encodeURIComponent(payload.goal_instance_id)}`,
              },
            })
          ),
        ),
    })
  }),
)
