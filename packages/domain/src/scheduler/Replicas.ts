/** The replicas of the scheduler, and what each holds under a lease. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { Instant } from "../Protocol.ts"

/** A replica. Its runs are taken over when their leases end, so one that is away loses none. */
export const Replica = Schema.Struct({
  replica: Schema.String.annotate({ examples: ["scheduler-01934f6e-7c1a-7b3e-9a51-2f0c6d9b8e11"] }),
  /** here: it said so within 45 seconds. away: it did not, and nobody stopped it. unknown: of a version that does not say. */
  state: Schema.Literals(["here", "away", "unknown"]),
  version: Schema.NullOr(Schema.String.annotate({ description: "The version of its program", examples: ["0.3.0"] })),
  started_at: Schema.NullOr(Instant),
  seen_at: Schema.NullOr(Instant),
  /** How many runs it may hold at once. */
  max_running: Schema.NullOr(Schema.Int),
  /** The runs that it holds. */
  running: Schema.Int,
  /** When it claimed the oldest of them; null when it holds none. */
  oldest_claim: Schema.NullOr(Instant),
  /** When the first of their leases ends, unless it is renewed. */
  lease_ends: Schema.NullOr(Instant),
})
export type Replica = typeof Replica.Type

/** The endpoint of replicas. */
export class ReplicasGroup extends HttpApiGroup.make("replicas")
  .annotate(OpenApi.Title, "Replicas")
  .annotate(OpenApi.Description, "The replicas of the scheduler, and the leases that they hold.")
  .add(
    HttpApiEndpoint.get("list", "/replicas", { success: Schema.Struct({ items: Schema.Array(Replica) }) })
      .annotate(Access, ["operator", "viewer"])
      .annotate(OpenApi.Summary, "List replicas")
      .annotate(
        OpenApi.Description,
        "Operators and viewers: each replica that runs or went away within a day, the one that started last first, with " +
          "how many runs it holds and when their leases end. At most 200.",
      ),
  )
  .prefix("/scheduler") {}
