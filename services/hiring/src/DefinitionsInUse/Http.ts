import { HiringApi } from "@stint/domain/hiring/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { DefinitionsInUse } from "../DefinitionsInUse.ts"

export const DefinitionsInUseHttp = HttpApiBuilder.group(
  HiringApi,
  "definitionsInUse",
  Effect.fn(function* (handlers) {
    const definitions = yield* DefinitionsInUse
    return handlers.handleAll({
      check: ({ payload }) => definitions.check(payload),
      migrate: ({ payload }) => definitions.migrate(payload),
    })
  }),
)
