/** What the palette finds beside actions: what the role has, by name and id. */
import { useInfiniteQuery, useQueries, useQuery } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { inboxQuery } from "../api/Deliverables.ts"
import { goalsQuery } from "../api/Goals.ts"
import { hiresQuery } from "../api/Hires.ts"
import { customerIdOf } from "../api/Session.ts"
import { hireName, titled } from "../format/Words.ts"
import { useOperatorsOwn } from "./OperatorFinder.ts"
import { useUser } from "./User.ts"

/** A line of the palette. */
export interface Found {
  /** What it is: do, draft, agent, goal. */
  readonly kind: string
  readonly label: string
  readonly id?: string
  readonly keys?: string
  readonly run: () => void
}

/** The most hires whose goals are looked through. */
const HIRES = 30

/** The hires, goals and waiting drafts of a customer; nothing for another role. */
const useCustomersOwn = (): ReadonlyArray<Found> => {
  const user = useUser()
  const customer = customerIdOf(user)
  const enabled = user.role === "customer"
  const navigate = useNavigate()
  const hires = useQuery({ ...hiresQuery(customer), enabled }).data ?? []
  const goals = useQueries({
    queries: hires.slice(0, HIRES).map(({ hired_instance_id }) => goalsQuery(hired_instance_id)),
  })
  const drafts = useInfiniteQuery({
    ...inboxQuery({ customer_id: customer, review_status: "pending_review" }),
    enabled,
  })
  const names = new Map(hires.map((hire) => [hire.hired_instance_id, hireName(hire)]))
  return [
    ...hires.map((hire) => ({
      kind: "agent",
      label: hireName(hire),
      id: hire.hired_instance_id,
      run: () => void navigate({ to: "/agents/$hire", params: { hire: hire.hired_instance_id } }),
    })),
    ...goals.flatMap(({ data }) => data ?? []).map(({ goal_instance_id, goal_template_id, hired_instance_id }) => ({
      kind: "goal",
      label: `${titled(goal_template_id)} · ${names.get(hired_instance_id) ?? ""}`,
      id: goal_instance_id,
      run: () =>
        void navigate({
          to: "/agents/$hire/goals/$goal",
          params: { hire: hired_instance_id, goal: goal_instance_id },
        }),
    })),
    ...(drafts.data?.pages.flatMap(({ items }) => items) ?? []).map(({ deliverable_id, hired_instance_id, title }) => ({
      kind: "draft",
      label: `${title} · ${names.get(hired_instance_id) ?? ""}`,
      id: deliverable_id,
      run: () => void navigate({ to: "/inbox/$deliverable", params: { deliverable: deliverable_id } }),
    })),
  ]
}

/** What the palette finds for the role that is signed in. A role with things of its own adds its finder here. */
export const useFound = (): ReadonlyArray<Found> => [...useCustomersOwn(), ...useOperatorsOwn()]
