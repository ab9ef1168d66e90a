/** The slot of the run that made a draft. */
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { runsBetweenQuery } from "../../../api/Runs.ts"
import { millisOf } from "../../../format/Time.ts"
import { Instant } from "../../../ui/Instant.tsx"
import { Bone } from "../../../ui/States.tsx"

/** How long before its draft a run's slot is looked for, in milliseconds. */
const SLOT_MS = 2 * 86_400_000

/** About how wide it is, in pixels: nothing beside it moves far when it comes. */
const SLOT_WIDTH = 90

/** The slot; nothing where none is found. */
export const Slot = ({ draft: { created_at, deliverable_id, goal_instance_id }, zone }: {
  readonly draft: Deliverable
  readonly zone: string
}): ReactNode => {
  const made = millisOf(created_at)
  const runs = useQuery({
    ...runsBetweenQuery({
      goal_instance_id,
      from: new Date(made - SLOT_MS).toISOString(),
      to: new Date(made + 1).toISOString(),
    }, 1),
    staleTime: Infinity,
  })
  const run = runs.data?.items.find((run) => run.deliverable_id === deliverable_id)
  if (runs.isPending) return <Bone width={SLOT_WIDTH} />
  if (run === undefined) return null
  return run.origin === "schedule"
    ? (
      <span>
        slot <Instant at={run.scheduled_time} zone={zone} named />
      </span>
    )
    : <span>run by hand</span>
}
