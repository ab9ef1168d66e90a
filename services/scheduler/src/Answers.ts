/** Answers for people: when a goal fires next, and why it ran, or did not run, at an instant. They only read. */
import { Bounds } from "@stint/domain/Bounds"
import { type Caller, canSee } from "@stint/domain/Caller"
import { scheduleIssues } from "@stint/domain/Definition/Validate"
import { GoalNotFound } from "@stint/domain/hiring/Goals"
import type { GoalInstanceId } from "@stint/domain/Ids"
import { InvalidRequest } from "@stint/domain/Problem"
import type { Explanation, GoalPreview, RuleDraft, RulePreview } from "@stint/domain/scheduler/Answers"
import { Clock, Context, DateTime, Effect, Layer, Option } from "effect"
import type { Facts } from "./Answers/Facts.ts"
import { gatherer, type Owner, readPauses } from "./Answers/Gather.ts"
import { previewOf } from "./Answers/Preview.ts"
import { AnswersRepo } from "./Answers/Repo.ts"
import { segmentsOf, zoneOf } from "./Timeline.ts"
import { why } from "./Answers/Why.ts"
import { pauseWords } from "./Answers/Why/Judgement.ts"
import { explanationOf } from "./Answers/Wire.ts"
import { timesOf } from "./Answers/Words.ts"
import { type Naming, namingFor } from "./Names.ts"
import { stoppedBecause } from "./Projection/History.ts"
import { ProjectionRepo } from "./Projection/Repo.ts"

/** The facts about an instant of a goal, and whose it is. */
interface Gathered {
  readonly owner: Owner
  readonly facts: Facts
}

/** An instant so near is now. ms */
const NOW = 60_000

/** Which fires of a goal. */
export interface PreviewQuery {
  /** Default 10. */
  readonly count?: number
  /** Fires that start at this instant or later; default now. */
  readonly from?: DateTime.Utc
}

/** The answers. Another customer's goal is not found. */
export class Answers extends Context.Service<Answers, {
  /** The next fires of a stored goal, and whether it will run as things stand. */
  preview(caller: Caller, id: GoalInstanceId, query: PreviewQuery): Effect.Effect<GoalPreview, GoalNotFound>
  /** The next fires of a rule that is not saved. */
  previewRule(draft: RuleDraft): Effect.Effect<RulePreview, InvalidRequest>
  /** Why a goal ran, or did not run, at an instant (default now). */
  explain(caller: Caller, id: GoalInstanceId, at?: DateTime.Utc): Effect.Effect<Explanation, GoalNotFound>
}>()("scheduler/Answers") {
  static readonly layer = Layer.effect(
    Answers,
    Effect.gen(function* () {
      const repo = yield* AnswersRepo
      const bounds = yield* Bounds
      const projection = yield* ProjectionRepo
      const factsOf = yield* gatherer
      const pausesOf = yield* readPauses
      const goingOnOf = yield* goingOn

      const preview = Effect.fn("Answers.preview")(
        function* (caller: Caller, id: GoalInstanceId, query: PreviewQuery) {
          const found = yield* projection.find(id)
          if (Option.isNone(found) || !canSee(caller, found.value.goal.customer_id)) {
            return yield* new GoalNotFound({ detail: id })
          }
          const { goal, hire } = found.value
          const now = yield* Clock.currentTimeMillis
          const { rows } = yield* repo.history(id, now)
          const answer = previewOf({ ...goal, timezone: hire.timezone }, now, query, segmentsOf(rows), bounds)
          const pauses = yield* pausesOf(goal, now, now)
          const times = timesOf(answer.timezone)
          const reasons = [
            stoppedBecause(hire, goal),
            answer.reason,
            ...pauses.map((pause) => pauseWords(pause, times, namingFor(caller))),
          ].filter((reason) => reason !== null)
          return {
            goal_instance_id: id,
            ...answer,
            will_run: reasons.length === 0,
            reason: reasons.length === 0 ? null : reasons.join("; "),
          }
        },
        (effect, _, id) => repo.snapshot(effect, id),
      )

      const previewRule = Effect.fn("Answers.previewRule")(function* (draft: RuleDraft) {
        const { default_at = null, frequency, schedule = {}, timezone = "UTC" } = draft
        const errors = scheduleIssues(frequency, schedule)
        if (errors.length > 0) {
          return yield* new InvalidRequest({ detail: `${errors[0]!.path} ${errors[0]!.message}`, errors })
        }
        const now = yield* Clock.currentTimeMillis
        return previewOf({ frequency, schedule, default_at, timezone }, now, draft, undefined, bounds)
      })

      const explain = Effect.fn("Answers.explain")(
        function* (caller: Caller, id: GoalInstanceId, at?: DateTime.Utc) {
          const asked = at === undefined ? yield* Clock.currentTimeMillis : DateTime.toEpochMillis(at)
          const found = yield* factsOf(id, asked)
          if (found === undefined || !canSee(caller, found.owner.customer_id)) {
            return yield* new GoalNotFound({ detail: id })
          }
          const naming = namingFor(caller)
          const judged = why(found.facts, naming)
          const { besides, instead } = yield* goingOnOf(id, found, naming)
          if (instead !== undefined) return instead
          const judgement = { ...judged, because: [...judged.because, ...besides] }
          const { previous_slot, slot } = found.facts
          if (slot !== null || previous_slot === null) return explanationOf(id, found.facts, judgement, naming)
          // who asks about an instant without a slot mostly wants to know about the slot before
          const last = yield* factsOf(id, previous_slot)
          const because = last === undefined
            ? judgement.because
            : [...judgement.because, `The one before: ${why(last.facts, naming).sentence}`]
          return explanationOf(id, found.facts, { ...judgement, because }, naming)
        },
        (effect, _, id) => repo.snapshot(effect, id),
      )

      return Answers.of({ preview, previewRule, explain })
    }),
  )
}

/**
 * Who asks about now wants to know what goes on: a run that is under way, retries or waits, a dead letter that is open, a pause.
 * Where no slot is meant, the explanation is about that run; else about the slot, and besides it says so.
 */
const goingOn = Effect.gen(function* () {
  const repo = yield* AnswersRepo
  const factsOf = yield* gatherer
  const pausesOf = yield* readPauses

  return Effect.fnUntraced(function* (id: GoalInstanceId, { facts, owner }: Gathered, naming: Naming) {
    const { at, now, slot } = facts
    const besides: Array<string> = []
    if (Math.abs(now - at) >= NOW) return { besides }
    const { dead, live } = yield* repo.goingOn(id)
    const others: Array<Facts> = []
    for (const other of new Set([live, dead])) {
      const found = other === null || other === slot ? undefined : yield* factsOf(id, other)
      if (found !== undefined) others.push(found.facts)
    }
    const [first, ...rest] = slot === null ? others : [undefined, ...others]
    for (const other of rest) besides.push(`Besides: ${why(other!, naming).sentence}`)
    if (first === undefined) {
      const times = timesOf(facts.segment === undefined ? "UTC" : zoneOf(facts.segment.row))
      const pauses = slot === null ? yield* pausesOf(owner, now, now) : []
      for (const pause of pauses) besides.push(`Besides: ${pauseWords(pause, times, naming)}.`)
      return { besides }
    }
    const meant = why(first, naming)
    return {
      besides,
      instead: explanationOf(id, { ...first, at }, { ...meant, because: [...meant.because, ...besides] }, naming),
    }
  })
})
