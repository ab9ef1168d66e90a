/** A goal as people call it: what it does, and for which agent; by its id alone where nobody knows it any more. */
import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { goalsQuery } from "../../api/Goals.ts"
import { hireQuery } from "../../api/Hires.ts"
import { hireName, titled } from "../../format/Words.ts"
import { useUser } from "../../shell/User.ts"
import { Bone } from "../../ui/States.tsx"

interface Of {
  readonly goal: string
  readonly hire: string
}

const useNames = ({ goal, hire }: Of) => {
  const hires = useQuery({ ...hireQuery(hire), retry: false })
  const goals = useQuery({ ...goalsQuery(hire), retry: false })
  const its = hires.data
  const template = goals.data?.find(({ goal_instance_id }) => goal_instance_id === goal)?.goal_template_id
  return {
    isPending: hires.isPending || goals.isPending,
    customer: its?.customer_id,
    words: template === undefined || its === undefined ? undefined : `${titled(template)} · ${hireName(its)}`,
  }
}

/** Its name, as a text; `otherwise` where nobody knows it any more. */
export const GoalName = ({ otherwise, ...of }: Of & { readonly otherwise: string }): ReactNode => {
  const { isPending, words } = useNames(of)
  return isPending ? <Bone width={180} height={18} /> : words ?? otherwise
}

/** Its name, with the way to where it is changed: for a customer the goal itself, for others its agent at its customer. */
export const GoalLink = (of: Of): ReactNode => {
  const { customer, isPending, words } = useNames(of)
  const isMine = useUser().role === "customer"
  if (isPending) return <Bone width={180} height={18} />
  if (words === undefined || customer === undefined) return null
  return isMine
    ? <Link to="/agents/$hire/goals/$goal" params={{ hire: of.hire, goal: of.goal }}>{words}</Link>
    : <Link to="/customers/$customer" params={{ customer }} search={{ hire: of.hire }}>{words}</Link>
}
