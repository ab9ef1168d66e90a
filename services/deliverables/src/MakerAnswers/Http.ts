import { MakerAnswersApi } from "@stint/domain/makers/Answers"
import { Effect } from "effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { MakerAnswers } from "../MakerAnswers.ts"

export const MakerAnswersHttp = HttpApiBuilder.group(
  MakerAnswersApi,
  "makerAnswers",
  Effect.fn(function* (handlers) {
    const answers = yield* MakerAnswers
    return handlers.handleAll({
      answer: Effect.fnUntraced(function* ({ headers, payload }) {
        // what was signed: the text as it came
        const text = yield* Effect.orDie((yield* HttpServerRequest.HttpServerRequest).text)
        return { state: yield* answers.take(payload, headers, text) }
      }),
    })
  }),
)
