import { CurrentCaller } from "@stint/domain/Caller"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Revisions } from "../Revisions.ts"

export const RevisionsHttp = HttpApiBuilder.group(
  DeliverablesApi,
  "revisions",
  Effect.fn(function* (handlers) {
    const revisions = yield* Revisions
    return handlers.handleAll({
      list: ({ params, query }) => CurrentCaller.use((caller) => revisions.list(caller, params.id, query)),
      get: ({ params }) => CurrentCaller.use((caller) => revisions.get(caller, params.id, params.revision)),
      diff: ({ params, query }) => CurrentCaller.use((caller) => revisions.diff(caller, params.id, query)),
      edit: ({ params, payload }) => CurrentCaller.use((caller) => revisions.edit(caller, params.id, payload)),
    })
  }),
)
