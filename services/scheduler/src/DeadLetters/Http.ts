import { CurrentCaller } from "@stint/domain/Caller"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Effect } from "effect"
import { HttpApiBuilder, HttpApiSchema } from "effect/http-api"
import { DeadLetters } from "../DeadLetters.ts"

export const DeadLettersHttp = HttpApiBuilder.group(
  SchedulerApi,
  "deadLetters",
  Effect.fn(function* (handlers) {
    const letters = yield* DeadLetters
    return handlers.handleAll({
      list: ({ query }) => letters.list(query),
      causes: ({ query }) => letters.causes(query.state),
      counts: () => letters.counts,
      get: ({ params }) => letters.get(params.id),
      retry: ({ params }) => Effect.flatMap(CurrentCaller, (caller) => letters.retry(caller, params.id)),
      redrive: ({ payload }) =>
        Effect.flatMap(CurrentCaller, (caller) => letters.redrive(caller, payload)).pipe(
          Effect.map((body) =>
            body.queued === 0
              ? body
              : HttpApiSchema.withHeaders({ body, headers: { location: "/api/v1/scheduler/dlq?state=open" } })
          ),
        ),
      discard: ({ params, payload }) =>
        Effect.flatMap(CurrentCaller, (caller) => letters.discard(caller, params.id, payload.reason)),
    })
  }),
)
