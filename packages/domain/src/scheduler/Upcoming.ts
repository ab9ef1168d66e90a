/** What will run: the slots of all goals that are ahead, in the order in which they start. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access } from "../Caller.ts"
import { CustomerId, GoalInstanceId, HiredInstanceId } from "../Ids.ts"
import { CustomerNotFound, InvalidRequest } from "../Problem.ts"
import { Instant, listOf, pageQuery } from "../Protocol.ts"
import { Fire } from "./Answers.ts"

/** A slot that is ahead. */
export const Upcoming = Schema.Struct({
  goal_instance_id: GoalInstanceId,
  hired_instance_id: HiredInstanceId,
  customer_id: CustomerId,
  ...Fire.fields,
  /** Whether it will run without anyone asking, as things stand. */
  will_run: Schema.Boolean,
  /** Why it will not run: the goal is switched off, its hire may not run, or it is paused; null when it will. */
  reason: Schema.NullOr(Schema.String),
})
export type Upcoming = typeof Upcoming.Type

/** The endpoint of what is ahead. */
export class UpcomingGroup extends HttpApiGroup.make("upcoming")
  .annotate(OpenApi.Title, "Upcoming")
  .annotate(OpenApi.Description, "What will run, over many goals.")
  .add(
    HttpApiEndpoint.get("list", "/upcoming", {
      query: {
        /** Starts from this instant on; default now. */
        from: Schema.optionalKey(Instant),
        /** Starts before this instant; default a day after `from`, at most 31 days. */
        to: Schema.optionalKey(Instant),
        customer_id: Schema.optionalKey(CustomerId),
        hired_instance_id: Schema.optionalKey(HiredInstanceId),
        goal_instance_id: Schema.optionalKey(GoalInstanceId),
        ...pageQuery,
      },
      success: listOf(Upcoming),
      error: [InvalidRequest, CustomerNotFound],
    }).annotate(Access, ["customer", "operator", "viewer"])
      .annotate(OpenApi.Summary, "List what will run")
      .annotate(
        OpenApi.Description,
        "A customer sees its own goals, operators and viewers all: every slot that starts in [from, to), the earliest " +
          "first, and whether it will run as things stand. It agrees with the preview of each goal. 400 when over 5,000 " +
          "goals match: name a customer.",
      ),
  )
  .prefix("/scheduler") {}
