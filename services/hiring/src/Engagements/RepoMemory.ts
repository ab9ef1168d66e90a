/** Engagements in memory. Nothing here waits, so each method is atomic by itself. */
import { Clock, DateTime, Effect, Layer, Option, Result } from "effect"
import { subscriptionChange } from "./Policy.ts"
import { append, Memory } from "./Memory.ts"
import {
  EngagementsRepo,
  type GoalPlace,
  type GoalsWanted,
  type Stretch,
  type Target,
  type TrialPlace,
} from "./Repo.ts"
import type { Engagement, GoalRow, Hired, HireRow } from "./Rows.ts"

const stretchOf = <A>(rows: Iterable<A>, idOf: (row: A) => string, { after, limit }: Stretch): ReadonlyArray<A> =>
  [...rows].filter((row) => after === undefined || idOf(row) > after)
    .sort((a, b) => idOf(a) < idOf(b) ? -1 : 1)
    .slice(0, limit)

const endOf = ({ trial_end }: TrialPlace) => trial_end === null ? Infinity : DateTime.toEpochMillis(trial_end)
const byTrial = (one: TrialPlace, other: TrialPlace): number => {
  if (endOf(one) !== endOf(other)) return endOf(one) < endOf(other) ? -1 : 1
  if (one.hired_instance_id === other.hired_instance_id) return 0
  return one.hired_instance_id < other.hired_instance_id ? -1 : 1
}

const byAge = (one: GoalPlace, other: GoalPlace): number => {
  const order = DateTime.Order(one.created_at, other.created_at)
  if (order !== 0 || one.goal_instance_id === other.goal_instance_id) return order
  return one.goal_instance_id < other.goal_instance_id ? -1 : 1
}

const hireId = ({ hire }: Hired) => hire.hired_instance_id
const goalId = (goal: GoalRow) => goal.goal_instance_id

/** The layer of `EngagementsRepo` over `Memory`. */
export const layerMemory = Layer.effect(
  EngagementsRepo,
  Effect.gen(function* () {
    const memory = yield* Memory
    const { goals, hires, subscriptions } = memory
    const hiredBy = new Map<string, string>()

    const hireAt = (target: Target): HireRow | undefined =>
      hires.get("hired_instance_id" in target ? target.hired_instance_id : hiredBy.get(target.subscription_id) ?? "")
    const hiredOf = (hire: HireRow): Hired => ({ hire, subscription: subscriptions.get(hire.subscription_id)! })
    const goalsUnder = (hire: HireRow) =>
      [...goals.values()].filter((goal) => goal.hired_instance_id === hire.hired_instance_id)

    const load = (target: Target, wanted: GoalsWanted): Engagement | undefined => {
      const hire = hireAt(target)
      const id = "subscription_id" in target ? target.subscription_id : hire?.subscription_id
      const subscription = id === undefined ? undefined : subscriptions.get(id)
      if (subscription === undefined) return undefined
      const all = hire === undefined ? [] : goalsUnder(hire)
      const isWanted = (goal: GoalRow) =>
        typeof wanted === "object" ? goal.goal_instance_id === wanted.goal : wanted === "all"
      const looked = all.filter(isWanted)
      return {
        subscription,
        hire,
        goals: looked,
        otherGoals: all.length > (typeof wanted === "object" ? looked.length : 0),
      }
    }

    return EngagementsRepo.of({
      subscribe: (row) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const known = subscriptions.get(row.subscription_id)
          if (known !== undefined) return known
          subscriptions.set(row.subscription_id, row)
          append(memory, [subscriptionChange(row)], now)
          return row
        }),
      amend: (target, wanted, decide) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const engagement = load(target, wanted)
          if (engagement === undefined) return Effect.succeedNone
          return Effect.fromResult(Result.map(decide(engagement), (amendment) => {
            const { subscription = engagement.subscription, hire = engagement.hire } = amendment
            subscriptions.set(subscription.subscription_id, subscription)
            if (hire !== undefined) {
              hires.set(hire.hired_instance_id, hire)
              hiredBy.set(hire.subscription_id, hire.hired_instance_id)
            }
            for (const goal of amendment.goals) goals.set(goal.goal_instance_id, goal)
            if (amendment.removed !== undefined) goals.delete(amendment.removed.goal_instance_id)
            if (amendment.run !== undefined) {
              const { goal_instance_id, request_id: last_run_request, scheduled_time: last_run_slot } = amendment.run
              const goal = goals.get(goal_instance_id)
              if (goal !== undefined) goals.set(goal_instance_id, { ...goal, last_run_slot, last_run_request })
            }
            append(memory, amendment.changes, now)
            return Option.some({ subscription, hire, goals: amendment.goals, otherGoals: engagement.otherGoals })
          }))
        }),
      subscription: (id) => Effect.sync(() => Option.fromUndefinedOr(subscriptions.get(id))),
      subscriptions: (customer_id, stretch) =>
        Effect.sync(() =>
          stretchOf(
            subscriptions.values().filter((row) => row.customer_id === customer_id),
            (row) => row.subscription_id,
            stretch,
          )
        ),
      hire: (target) => Effect.sync(() => Option.map(Option.fromUndefinedOr(hireAt(target)), hiredOf)),
      hires: (customer_id, endedBy, stretch) =>
        Effect.sync(() =>
          stretchOf(
            hires.values().filter((row) => row.customer_id === customer_id).map(hiredOf).filter(({ subscription }) =>
              subscription.ended_at === null || DateTime.isGreaterThan(subscription.ended_at, endedBy)
            ),
            hireId,
            stretch,
          )
        ),
      hiresByTrial: (customer_id, endedBy, { after, limit }) =>
        Effect.sync(() =>
          [...hires.values().map(hiredOf)]
            .filter(({ hire, subscription }) =>
              (customer_id === undefined || hire.customer_id === customer_id) &&
              (subscription.ended_at === null || DateTime.isGreaterThan(subscription.ended_at, endedBy)) &&
              (after === undefined || byTrial(after, hire) < 0)
            )
            .sort((a, b) => byTrial(a.hire, b.hire))
            .slice(0, limit)
        ),
      allHires: (stretch) => Effect.sync(() => stretchOf(hires.values().map(hiredOf), hireId, stretch)),
      hiresOf: (ids) => Effect.sync(() => [...new Set(ids)].flatMap((id) => hires.get(id) ?? []).map(hiredOf)),
      goals: (id, { after, limit }) =>
        Effect.sync(() => {
          const hire = hires.get(id)
          if (hire === undefined) return []
          return goalsUnder(hire).filter((goal) => after === undefined || byAge(after, goal) < 0).sort(byAge).slice(
            0,
            limit,
          )
        }),
      allGoals: (stretch) => Effect.sync(() => stretchOf(goals.values(), goalId, stretch)),
      goalsOf: (ids) => Effect.sync(() => [...new Set(ids)].flatMap((id) => goals.get(id) ?? [])),
      // A request is handled again after a crash alone, and then nothing is kept here
      slotOf: () => Effect.succeedNone,
    })
  }),
)
