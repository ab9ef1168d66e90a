import { CurrentCaller } from "@stint/domain/Caller"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Answers } from "../Answers.ts"

export const AnswersHttp = HttpApiBuilder.group(
  SchedulerApi,
  "answers",
  Effect.fn(function* (handlers) {
    const answers = yield* Answers
    return handlers.handleAll({
      preview: ({ params, query }) =>
        Effect.flatMap(CurrentCaller, (caller) => answers.preview(caller, params.id, query)),
      previewRule: ({ payload }) => answers.previewRule(payload),
      explain: ({ params, query }) =>
        Effect.flatMap(CurrentCaller, (caller) => answers.explain(caller, params.id, query.at)),
    })
  }),
)
