import { HiringApi } from "@stint/domain/hiring/Api"
import { tagged } from "@stint/edge/Preconditions"
import { madeAt } from "@stint/edge/Replies"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import type { GoalRow } from "../Engagements/Row.ts"
import { Goals } from "../Goals.ts"
import { goalOnWire as wire, goalTag } from "./Wire.ts"

const reply = ({ goal, made }: { readonly goal: GoalRow; readonly made: boolean }) =>
  made
    ? madeAt(`/api/v1/hired-agents/${goal.hired_instance_id}/goals/${goal.goal_instance_id}`, wire(goal))
    : wire(goal)

export const GoalsHttp = HttpApiBuilder.group(
  HiringApi,
  "goals",
  Effect.fn(function* (handlers) {
    const goals = yield* Goals
    return handlers.handleAll({
      list: ({ params, query }) =>
        Effect.map(goals.list(params.id, query), (list) => ({ ...list, items: list.items.map(wire) })),
      put: ({ params, payload }) =>
        Effect.map(Effect.tap(goals.put(params.id, payload), ({ goal }) => tagged(goalTag(goal))), reply),
      get: ({ params }) =>
        Effect.map(Effect.tap(goals.get(params.id, params.goal), (goal) => tagged(goalTag(goal))), wire),
      remove: ({ params }) =>
        Effect.map(
          goals.remove(params.id, params.goal),
          ({ goal_instance_id }) => ({ deleted: true, goal_instance_id }),
        ),
      run: ({ params }) => goals.run(params.id, params.goal),
    })
  }),
)
