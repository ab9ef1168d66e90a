import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { goalsQuery } from "../../api/Goals.ts"
import { titled } from "../../format/Words.ts"
import { Filter } from "./Filter.tsx"

/** The goals of an agent, as a filter. */
export const GoalFilter = ({ agent, set, value }: {
  readonly agent: string | undefined
  readonly value: string | undefined
  readonly set: (goal: string | undefined) => void
}): ReactNode => {
  const goals = useQuery({ ...goalsQuery(agent ?? ""), enabled: agent !== undefined }).data ?? []
  return (
    <Filter
      label="Goal"
      any="All goals"
      value={value}
      options={goals.map((goal) => [goal.goal_instance_id, titled(goal.goal_template_id)])}
      set={set}
    />
  )
}
