/** Pure: the goals of a simulation. Each rule is evaluated once, however many goals share it. */
import { maxGoals, maxSlots } from "@stint/domain/scheduler/Simulation"
import type { Overlap, Rule, ScheduleSettings } from "@stint/domain/Schedule"
import { between } from "../Calendar.ts"
import { ruleOfGoal } from "../Timeline.ts"
import type { GoalRow } from "../Model.ts"

/** The schedule of goals, from which their rule is made. */
export interface Scheduled extends Pick<GoalRow, "frequency" | "schedule" | "default_at"> {
  /** The zone of the hire. */
  readonly timezone: string
}

/** Goals by their index, and the rules that they share. */
export interface Workload {
  readonly rules: ReadonlyArray<Rule>
  /** How many goals share each rule. */
  readonly goalsOf: ReadonlyArray<number>
  readonly ids: ReadonlyArray<string>
  /** The rule of each goal. */
  readonly ruleOf: ReadonlyArray<number>
  readonly overlap: ReadonlyArray<Overlap>
  readonly spread_seconds: ReadonlyArray<number>
}

/** The simulation exceeds a bound. */
export interface OverBound {
  readonly _tag: "OverBound"
  readonly bound: "goals" | "slots"
  readonly limit: number
}

/** How many slots are evaluated between two steps: 1,000 take 0.4 to 2 ms. */
const EVALUATED = 1_000

/** Collects goals. */
export const makeWorkload = () => {
  const rules: Array<Rule> = []
  const goalsOf: Array<number> = []
  const ids: Array<string> = []
  const ruleOf: Array<number> = []
  const overlaps: Array<Overlap> = []
  const spreads: Array<number> = []
  // rules by their schedule as text, which needs no parsing, then by the rule that it makes
  const said = new Map<string, number>()
  const known = new Map<string, number>()

  const indexOf = (scheduled: Scheduled): number => {
    const text = JSON.stringify([scheduled.frequency, scheduled.schedule, scheduled.default_at, scheduled.timezone])
    const seen = said.get(text)
    if (seen !== undefined) return seen
    const rule = ruleOfGoal(scheduled, scheduled.timezone)
    const key = JSON.stringify(rule)
    const index = known.get(key) ?? rules.push(rule) - 1
    if (index === goalsOf.length) goalsOf.push(0)
    known.set(key, index)
    said.set(text, index)
    return index
  }

  return {
    /** Adds goals of one schedule; false when there would be too many. on_demand goals have no slots and are left out. */
    add: (scheduled: Scheduled, goals: ReadonlyArray<string>): boolean => {
      if (scheduled.frequency === "on_demand") return true
      if (ids.length + goals.length > maxGoals) return false
      const { overlap = "queue", spread_seconds = 0 } = scheduled.schedule as ScheduleSettings
      const index = indexOf(scheduled)
      goalsOf[index]! += goals.length
      for (const id of goals) {
        ids.push(id)
        ruleOf.push(index)
        overlaps.push(overlap)
        spreads.push(spread_seconds)
      }
      return true
    },
    workload: (): Workload => ({ rules, goalsOf, ids, ruleOf, overlap: overlaps, spread_seconds: spreads }),
  }
}

/** The slots of each rule, oldest first, and how many all goals have together. */
export interface Slots {
  readonly of: ReadonlyArray<ReadonlyArray<number>>
  readonly total: number
}

/**
 * The slots in (from, to] of each rule, in steps; epoch ms. It ends as soon as all goals together have too many. A rule
 * that can't be evaluated (a zone that this runtime does not know) has none, as in the engine.
 */
export function* slotsOf(
  { goalsOf, rules }: Pick<Workload, "goalsOf" | "rules">,
  from: number,
  to: number,
): Generator<void, Slots | OverBound> {
  let total = 0
  const of: Array<ReadonlyArray<number>> = []
  for (const [index, rule] of rules.entries()) {
    const slots: Array<number> = []
    for (let some = EVALUATED; some === EVALUATED;) {
      const found = evaluated(rule, slots.at(-1) ?? from, to)
      some = found.length
      total += some * goalsOf[index]!
      if (total > maxSlots) return { _tag: "OverBound", bound: "slots", limit: maxSlots }
      for (const slot of found) slots.push(slot)
      yield
    }
    of.push(slots)
  }
  return { of, total }
}

const evaluated = (rule: Rule, from: number, to: number): ReadonlyArray<number> => {
  try {
    return between(rule, from, to, EVALUATED)
  } catch {
    return []
  }
}
