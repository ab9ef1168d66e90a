/** The scheduler: whether it runs and how it is, and what an operator does to it. */
import { useQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { statusQuery } from "../../api/Operations.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { Page } from "../../ui/Page.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { BackfillPart } from "./BackfillPart.tsx"
import { Limits } from "./Limits.tsx"
import { type Part, parts } from "./Search.ts"
import { State } from "./State.tsx"
import { TriggerPart } from "./TriggerForm.tsx"

const route = getRouteApi("/app/scheduler")

/** The parts that a viewer has: those that change nothing. */
const readable: ReadonlyArray<Part> = ["state", "limits"]

/** The screen of the scheduler. */
export const Scheduler = (): ReactNode => {
  const operator = useIsOperator()
  const { from, goal, show: asked = "state", to } = route.useSearch()
  const shown = (Object.keys(parts) as Array<Part>).filter((part) => operator || readable.includes(part))
  const show = shown.includes(asked) ? asked : "state"
  const status = useQuery(statusQuery).data
  return (
    <Page
      title="Scheduler"
      beside={status === undefined
        ? null
        : <Tag kind={status.is_paused ? "wait" : "ok"}>{status.is_paused ? "paused" : "running"}</Tag>}
      actions={
        <nav className="tabs" aria-label="Parts">
          {shown.map((part) => (
            <Link
              key={part}
              to="/scheduler"
              search={part === "state" ? {} : { show: part, ...(goal === undefined ? {} : { goal }) }}
              aria-current={part === show ? "page" : undefined}
              activeProps={{}}
              activeOptions={{ exact: true }}
            >
              {parts[part]}
            </Link>
          ))}
        </nav>
      }
    >
      <div className="column">
        {show === "state" ? <State /> : null}
        {show === "trigger" ? <TriggerPart goal={goal} /> : null}
        {show === "backfill" ? <BackfillPart key={`${goal} ${from} ${to}`} goal={goal} from={from} to={to} /> : null}
        {show === "limits" ? <Limits /> : null}
      </div>
    </Page>
  )
}
