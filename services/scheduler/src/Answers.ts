/** When a goal fires next, and why it ran, or did not, at an instant (issue 9, item 9). It reads, and changes nothing. */
import type { Explanation, GoalPreview, RuleDraft, RulePreview } from "@stint/domain/Answers"
import type { Caller } from "@stint/domain/Caller"
import { scheduleIssues } from "@stint/domain/Definition/Validate"
import { GoalNotFound } from "@stint/domain/Goals"
import type { GoalInstanceId } from "@stint/domain/Ids"
import { InvalidRequest } from "@stint/domain/Problem"
import { Clock, Context, DateTime, Effect, Layer, Option } from "effect"
import { judge } from "./Answers/Policy.ts"
import type { Facts } from "./Answers/Facts.ts"
import { pausesOf, touching } from "./Answers/Pauses.ts"
import { firesOf, LAST_INSTANT } from "./Answers/Preview.ts"
import { AnswersRepo, type SlotRun } from "./Answers/Repo.ts"
import {
  nextSlot,
  previousSlot,
  type Ruled,
  ruleOfRow,
  type Segment,
  segmentAt,
  segmentsOf,
  slotIn,
  spreadOfRow,
  zoneOf,
} from "./Answers/Segments.ts"
import { namingFor, ruleInWords, timesOf } from "./Answers/Words.ts"
import { pauseWords } from "./Answers/Because.ts"
import { explanationOf } from "./Answers/Wire.ts"
import { keyOf } from "./Model.ts"
import { restOf } from "./Projection/History.ts"
import { DAYS } from "./Retention/Repo.ts"

/** How many fires a preview has unless it is asked for more or fewer. */
const DEFAULT_COUNT = 10
const MINUTE = 60_000

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

      const scopesOf = (of: { readonly hired_instance_id: string; readonly customer_id: string }) => [
        {},
        { hired_instance_id: of.hired_instance_id },
        { customer_id: of.customer_id },
      ]
      const pausesDuring = Effect.fnUntraced(function* (
        of: { readonly hired_instance_id: string; readonly customer_id: string },
        from: number,
        to: number,
      ) {
        return touching(pausesOf(yield* repo.pauseLines(scopesOf(of), from, to)), from, to)
      })

      const preview = Effect.fn("Answers.preview")(function* (
        caller: Caller,
        id: GoalInstanceId,
        query: { readonly count?: number; readonly from?: DateTime.Utc },
      ) {
        return yield* repo.atOnce(Effect.gen(function* () {
          const found = yield* repo.goal(id)
          if (Option.isNone(found) || isForeign(caller, found.value.goal)) {
            return yield* new GoalNotFound({ detail: id })
          }
          const { goal, hire } = found.value
          const now = yield* Clock.currentTimeMillis
          const answer = previewOf({ ...goal, timezone: hire.timezone }, spreadOfRow(id, goal), now, query)
          const rest = restOf(hire, goal)
          const naming = namingFor(caller.role, caller.subject)
          const times = timesOf(answer.timezone)
          const paused = (yield* pausesDuring(goal, now, now)).map((pause) => pauseWords(pause, times, naming, "is"))
          const reasons = [
            ...(rest === null ? [] : [rest]),
            ...paused,
            ...(answer.reason === null ? [] : [answer.reason]),
          ]
          return {
            goal_instance_id: id,
            ...answer,
            will_run: reasons.length === 0,
            reason: reasons.length === 0 ? null : reasons.join("; "),
          }
        }))
      })

      const previewRule = Effect.fn("Answers.previewRule")(function* (draft: RuleDraft) {
        const { default_at = null, frequency, schedule = {}, timezone = "UTC" } = draft
        const errors = scheduleIssues(frequency, schedule)
        if (errors.length > 0) {
          return yield* new InvalidRequest({ detail: `${errors[0]!.path} ${errors[0]!.message}`, errors })
        }
        return previewOf({ frequency, schedule, default_at, timezone }, 0, yield* Clock.currentTimeMillis, draft)
      })

      /** The slot that is meant by an instant: of that millisecond, else of its minute, else started in that minute. */
      const meant = Effect.fnUntraced(function* (id: string, segments: ReadonlyArray<Segment>, at: number) {
        const minute = Math.floor(at / MINUTE) * MINUTE
        const runs = yield* repo.runsIn(id, minute, minute + MINUTE)
        const exact = runs.find((run) => run.slot === at)
        if (exact !== undefined) return { slot: at, run: exact }
        const named = slotIn(segments, at, at + 1) ?? slotIn(segments, minute, minute + MINUTE)
        if (named?.slot === at) return { slot: at }
        const near = runs.find((run) => run.ofSchedule) ??
          (named === undefined
            ? runs.toSorted((a, b) => Math.abs(a.slot - at) - Math.abs(b.slot - at))[0]
            : runs.find((run) => run.slot === named.slot))
        if (near !== undefined) return { slot: near.slot, run: near }
        if (named !== undefined) return { slot: named.slot }
        const spread = slotIn(segments, minute, minute + MINUTE, true)
        if (spread === undefined) return { slot: null }
        const [run] = yield* repo.runsIn(id, spread.slot, spread.slot + 1)
        return { slot: spread.slot, ...(run === undefined ? {} : { run }) }
      })

      const gather = Effect.fnUntraced(function* (caller: Caller, id: GoalInstanceId, at: number) {
        const now = yield* Clock.currentTimeMillis
        const current = yield* repo.goal(id)
        const { rows, since } = yield* repo.history(id, at)
        const owner = Option.match(current, { onNone: () => rows[0], onSome: ({ goal }) => goal })
        if (owner === undefined || isForeign(caller, owner)) return yield* new GoalNotFound({ detail: id })
        const segments = segmentsOf(rows)
        const { run: slotRun, slot } = yield* meant(id, segments, at) as Effect.Effect<{
          readonly slot: number | null
          readonly run?: SlotRun
        }>
        const segment = segmentAt(segments, slot ?? at)
        const ofSchedule = slotRun === undefined || slotRun.ofSchedule
        const spread = segment === undefined || !ofSchedule ? 0 : spreadOfRow(id, segment.row)
        const starts_at = slot === null ? null : slot + spread
        const run = slotRun === undefined ? null : yield* repo.run(slotRun.scheduled_run_id)
        const missed = slot === null || run !== null ? null : yield* repo.missed(id, slot)
        const old = slot === null || run !== null ? null : yield* repo.execution(keyOf(id, slot))
        const begun = run?.run.attempts[0]?.started_at
        const until = begun !== undefined
          ? DateTime.toEpochMillis(begun)
          : Math.max(run?.closed_at ?? missed?.recorded_at ?? old?.started_at ?? now, starts_at ?? now)
        const reason = run?.run.status === "cancelled" && run.closed_at !== null ? run.run.reason ?? "" : ""
        const facts: Facts = {
          now,
          at,
          segments,
          segment,
          known_since: since,
          slot,
          starts_at,
          run,
          old,
          missed,
          undecided: Option.match(current, { onNone: () => null, onSome: ({ goal }) => goal.next_slot }),
          letter: run?.run.status === "dead_lettered" ? yield* repo.letter(run.run.scheduled_run_id) : null,
          pauses: starts_at === null ? [] : yield* pausesDuring(owner, Math.min(starts_at, now), Math.min(until, now)),
          lines: run === null ? [] : yield* repo.lines(id, Math.min(slot ?? at, now) - DAY),
          ahead: slotRun !== undefined && run?.run.status === "pending" && run.claimable_at === null
            ? yield* repo.ahead(id, slotRun)
            : null,
          rival: slot === null || !/^(overlap|missed): /.test(reason)
            ? null
            : yield* repo.openAt(id, slot, run!.closed_at!, reason.startsWith("overlap") ? "before" : "after"),
          previous_slot: previousSlot(segments, slot ?? at),
          next_slot: tellableSlot(nextSlot(segments, slot ?? at)),
        }
        return facts
      })

      const explain = Effect.fn("Answers.explain")(function* (caller: Caller, id: GoalInstanceId, at?: DateTime.Utc) {
        const asked = at === undefined ? yield* Clock.currentTimeMillis : DateTime.toEpochMillis(at)
        const facts = yield* repo.atOnce(gather(caller, id, asked))
        const naming = namingFor(caller.role, caller.subject)
        const kept = { runs: DAYS.runs, history: DAYS.history }
        return explanationOf(id, facts, judge(facts, naming, kept), naming)
      })

      return Answers.of({ preview, previewRule, explain })
    }),
  )
}

const DAY = 86_400_000

const isForeign = (caller: Caller, owner: { readonly customer_id: string }) =>
  caller.role === "customer" && owner.customer_id !== caller.subject

const tellableSlot = (slot: number | null) => slot === null || slot > LAST_INSTANT ? null : slot

/** The fires of a rule, and why there are none. */
const previewOf = (
  ruled: Ruled,
  spread: number,
  now: number,
  { count = DEFAULT_COUNT, from }: { readonly count?: number; readonly from?: DateTime.Utc },
): RulePreview => {
  const rule = ruleOfRow(ruled)
  const timezone = zoneOf(ruled)
  const spread_seconds = typeof ruled.schedule.spread_seconds === "number" ? ruled.schedule.spread_seconds : 0
  if (rule === undefined) {
    const reason = `the rule can't be evaluated here: ${ruled.frequency} in ${timezone}`
    return { rule: null, rule_in_words: reason, timezone, spread_seconds, will_run: false, reason, items: [] }
  }
  const items = firesOf(rule, spread, from === undefined ? now : DateTime.toEpochMillis(from), count)
  const reason = rule.frequency === "on_demand"
    ? "it has no schedule: it runs on demand, when a person asks"
    : items.length === 0
    ? "the rule fires at no instant of the next 8 years"
    : null
  return { rule, rule_in_words: ruleInWords(rule), timezone, spread_seconds, will_run: reason === null, reason, items }
}
