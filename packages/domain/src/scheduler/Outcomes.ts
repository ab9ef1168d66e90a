/** How runs ended, counted, service to service: for the reports of deliverables. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access, Callers } from "../Caller.ts"
import { CustomerId, HiredInstanceId } from "../Ids.ts"
import { InvalidRequest } from "../Problem.ts"
import { Instant } from "../Protocol.ts"
import { RunCounts } from "../RunCounts.ts"

/** The runs whose slots lie in a period. */
export const Outcomes = Schema.Struct({
  runs: RunCounts,
  since: Instant.annotate({ description: "From when on runs are known: they are kept for 30 days" }),
}).annotate({ identifier: "Outcomes" })
export type Outcomes = typeof Outcomes.Type

/** Service-to-service endpoint of outcomes. */
export class OutcomesGroup extends HttpApiGroup.make("outcomes")
  .annotate(OpenApi.Title, "Outcomes")
  .annotate(OpenApi.Description, "Service to service: how runs ended.")
  .add(
    HttpApiEndpoint.get("count", "/", {
      query: {
        hired_instance_id: Schema.optionalKey(HiredInstanceId),
        customer_id: Schema.optionalKey(CustomerId),
        /** Slots from this instant on. */
        from: Instant,
        /** Slots before this instant. */
        to: Instant,
      },
      success: Outcomes,
      error: InvalidRequest,
    }).annotate(Access, ["service"]).annotate(Callers, ["deliverables"])
      .annotate(OpenApi.Summary, "Count runs by outcome")
      .annotate(
        OpenApi.Description,
        "Services only: the runs of one hired agent or of one customer whose slots lie in [from, to), by how they stand.",
      ),
  )
  .prefix("/scheduler/outcomes") {}
