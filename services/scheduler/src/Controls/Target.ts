/** The goal that an operator names, if it may run. */
import { GoalDisabled, GoalNotFound, HireNotRunnable } from "@stint/domain/hiring/Goals"
import type { GoalInstanceId } from "@stint/domain/Ids"
import { Unavailable } from "@stint/domain/Problem"
import { Effect, Option } from "effect"
import { Hiring } from "../Clients.ts"
import { ControlsRepo } from "./Repo.ts"

/** How long to wait between two looks whether a new goal has arrived, in milliseconds; it is looked for 20 times. */
const LOOK_AGAIN = 100

/**
 * Finds a goal and its hire. One that the projection does not know may be newer than the feed was read: hiring is asked
 * before a 404. A hire that may not run and a goal that is switched off are refused.
 */
export const targets = Effect.gen(function* () {
  const repo = yield* ControlsRepo
  const hiring = yield* Hiring

  const find = Effect.fnUntraced(function* (goal: GoalInstanceId) {
    const known = yield* repo.target(goal)
    if (Option.isSome(known)) return known.value
    const { goals } = yield* hiring.lookup(goal).pipe(
      Effect.mapError(() => new Unavailable({ detail: "hiring does not answer, and the goal is not known here" })),
    )
    if (goals.length === 0) return yield* new GoalNotFound({ detail: goal })
    for (let tries = 0; tries < 20; tries++) {
      yield* Effect.sleep(LOOK_AGAIN)
      const arrived = yield* repo.target(goal)
      if (Option.isSome(arrived)) return arrived.value
    }
    return yield* new Unavailable({ detail: "the goal is new and has not arrived here yet; try again" })
  })

  return Effect.fnUntraced(function* (id: GoalInstanceId) {
    const target = yield* find(id)
    const { goal, hire } = target
    if (!hire.runnable) return yield* new HireNotRunnable({ detail: hire.reason ?? "the hired agent may not run" })
    if (!goal.enabled) return yield* new GoalDisabled({ detail: "Its customer has switched it off" })
    return target
  })
})
