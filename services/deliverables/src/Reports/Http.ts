import { CurrentCaller } from "@stint/domain/Caller"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Reports } from "../Reports.ts"

export const ReportsHttp = HttpApiBuilder.group(
  DeliverablesApi,
  "reports",
  Effect.fn(function* (handlers) {
    const reports = yield* Reports
    return handlers.handleAll({
      ofHire: ({ params, query }) => CurrentCaller.use((caller) => reports.ofHire(caller, params.hire, query)),
      spendingOfHire: ({ params }) => CurrentCaller.use((caller) => reports.spendingOfHire(caller, params.hire)),
      spending: () => reports.spending,
      decisionTime: () => reports.decisionTime,
      ofCustomer: ({ params, query }) => reports.ofCustomer(params.customer, query),
    })
  }),
)
