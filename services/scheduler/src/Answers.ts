/** When a goal fires next, and why it ran, or did not, at an instant (issue 9, item 9). It reads, and changes nothing. */
import type { Explanation, GoalPreview, RuleDraft, RulePreview } from "@stint/domain/scheduler/Answers"
import type { Caller } from "@stint/domain/Caller"
import { scheduleIssues } from "@stint/domain/Definition/Validate"
import { GoalNotFound } from "@stint/domain/hiring/Goals"
import type { GoalInstanceId } from "@stint/domain/Ids"
import { InvalidRequest } from "@stint/domain/Problem"
import { Clock, Context, DateTime, Effect, Layer, Option } from "effect"
import { gatherer } from "./Answers/Gather.ts"
import { pauseWords } from "./Answers/Judgement.ts"
import { judge } from "./Answers/Policy.ts"
import { previewOf } from "./Answers/Preview.ts"
import { AnswersRepo } from "./Answers/Repo.ts"
import { spreadOfRow } from "./Answers/Segments.ts"
import { explanationOf } from "./Answers/Wire.ts"
import { namingFor, timesOf } from "./Answers/Words.ts"
import { restOf } from "./Projection/History.ts"
import { DAYS } from "./Retention/Repo.ts"

const kept = { runs: DAYS.runs, history: DAYS.history }

const isForeign = (caller: Caller, owner: { readonly customer_id: string }) =>
  caller.role === "customer" && owner.customer_id !== caller.subject

/** The answers. A goal of another customer is none. */
export class Answers extends Context.Service<Answers, {
  /** The next fires of a stored goal, and whether they will be, as things stand. */
  preview(
    caller: Caller,
    id: GoalInstanceId,
    query: { readonly count?: number; readonly from?: DateTime.Utc },
  ): Effect.Effect<GoalPreview, GoalNotFound>
  /** The next fires of a rule that is not saved. */
  previewRule(draft: RuleDraft): Effect.Effect<RulePreview, InvalidRequest>
  /** Why a goal did, will or did not run at an instant (default now). */
  explain(caller: Caller, id: GoalInstanceId, at?: DateTime.Utc): Effect.Effect<Explanation, GoalNotFound>
}>()("scheduler/Answers") {
  static readonly layerNoDeps = Layer.effect(
    Answers,
    Effect.gen(function* () {
      const repo = yield* AnswersRepo
      const gather = gatherer(repo)

      const preview = Effect.fn("Answers.preview")(
        function* (
          caller: Caller,
          id: GoalInstanceId,
          query: { readonly count?: number; readonly from?: DateTime.Utc },
        ) {
          const found = yield* repo.goal(id)
          if (Option.isNone(found) || isForeign(caller, found.value.goal)) {
            return yield* new GoalNotFound({ detail: id })
          }
          const { goal, hire } = found.value
          const now = yield* Clock.currentTimeMillis
          const answer = previewOf({ ...goal, timezone: hire.timezone }, spreadOfRow(id, goal), now, query)
          const pauses = yield* gather.pausesDuring(goal, now, now)
          const naming = namingFor(caller.role, caller.subject)
          const times = timesOf(answer.timezone)
          const reasons = [restOf(hire, goal), answer.reason, ...pauses.map((one) => pauseWords(one, times, naming))]
            .filter((reason) => reason !== null)
          return {
            goal_instance_id: id,
            ...answer,
            will_run: reasons.length === 0,
            reason: reasons.length === 0 ? null : reasons.join("; "),
          }
        },
        repo.atOnce,
      )

      const previewRule = Effect.fn("Answers.previewRule")(function* (draft: RuleDraft) {
        const { default_at = null, frequency, schedule = {}, timezone = "UTC" } = draft
        const errors = scheduleIssues(frequency, schedule)
        if (errors.length > 0) {
          return yield* new InvalidRequest({ detail: `${errors[0]!.path} ${errors[0]!.message}`, errors })
        }
        return previewOf({ frequency, schedule, default_at, timezone }, 0, yield* Clock.currentTimeMillis, draft)
      })

      const explain = Effect.fn("Answers.explain")(
        function* (caller: Caller, id: GoalInstanceId, at?: DateTime.Utc) {
          const asked = at === undefined ? yield* Clock.currentTimeMillis : DateTime.toEpochMillis(at)
          const found = yield* gather.facts(id, asked)
          if (found === undefined || isForeign(caller, found.owner)) return yield* new GoalNotFound({ detail: id })
          const naming = namingFor(caller.role, caller.subject)
          const judgement = judge(found.facts, naming, kept)
          const { previous_slot, slot } = found.facts
          if (slot !== null || previous_slot === null) return explanationOf(id, found.facts, judgement, naming)
          // who asks of no slot mostly wants to know of the last one
          const last = yield* gather.facts(id, previous_slot)
          const because = last === undefined
            ? judgement.because
            : [...judgement.because, `Of the one before: ${judge(last.facts, naming, kept).sentence}`]
          return explanationOf(id, found.facts, { ...judgement, because }, naming)
        },
        repo.atOnce,
      )

      return Answers.of({ preview, previewRule, explain })
    }),
  )
}
