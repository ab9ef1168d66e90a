/** What time brings, as the storage sees it: its clock judges. Two storages, `RepoPg.ts` and `RepoMemory.ts`. */
import { Context, type DateTime, type Effect, type Option } from "effect"
import type { Amendment } from "../Engagements/Policy.ts"
import type { Engagement } from "../Engagements/Rows.ts"

/** Engagements and trials at which time is due. */
export class ClockworkRepo extends Context.Service<ClockworkRepo, {
  /**
   * Holds up to `limit` engagements at which something is due, those aside that another holds at this moment; decides on
   * each, and stores all of it with the feed's rows, or nothing. How they were, and how they are.
   */
  pass(
    limit: number,
    decide: (engagement: Engagement, now: DateTime.Utc) => Amendment,
  ): Effect.Effect<ReadonlyArray<{ readonly before: Engagement; readonly after: Engagement }>>
  /** Ends up to `limit` trials that are past their end; how many. */
  expire(limit: number): Effect.Effect<number>
  /** In how many milliseconds the next thing is due, 0 or less when it is; none when nothing will be. */
  readonly untilDue: Effect.Effect<Option.Option<number>>
}>()("hiring/ClockworkRepo") {}
