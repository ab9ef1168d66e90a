/** One agent: what it is to do, what it drafted, how it is set up. */
import type { Hire } from "@stint/domain/hiring/Hires"
import { useQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import { lazy, type ReactNode, Suspense } from "react"
import { hireQuery } from "../../api/Hires.ts"
import { zoneOf } from "../../format/Time.ts"
import { hireName, titled } from "../../format/Words.ts"
import { Instant } from "../../ui/Instant.tsx"
import { useNow } from "../../ui/Now.ts"
import { Page } from "../../ui/Page.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { Drafts } from "./Drafts.tsx"
import { Goals } from "./Goals.tsx"
import { InTheMaking } from "./InTheMaking.tsx"
import { type Tab, tabs } from "./Routes.ts"
import { Settings } from "./Settings.tsx"
import { Spend } from "./Spend.tsx"
import { PauseNote, Standing, usePause } from "./Standing.tsx"
import { trialOf } from "./Words.ts"

const Report = lazy(() => import("./Report.tsx").then(({ Report }) => ({ default: Report })))

const route = getRouteApi("/app/agents/$hire")

const Beside = ({ hire }: { readonly hire: Hire }): ReactNode => {
  const trial = trialOf(hire, useNow())
  return (
    <>
      <Standing hire={hire} among={{ hired_instance_id: hire.hired_instance_id }} />
      {trial === undefined ? null : (
        <span>
          <Tag kind={trial.kind}>{trial.words}</Tag>
          {hire.trial_end === null || hire.trial_status !== "active" ? null : (
            <span className="dim">
              {` until `}
              <Instant at={hire.trial_end} zone={zoneOf(hire.config)} />
            </span>
          )}
        </span>
      )}
      {hireName(hire) === titled(hire.agent_id) ? null : <span className="dim">{titled(hire.agent_id)}</span>}
      <Spend hire={hire} />
    </>
  )
}

const Tabs = ({ here, id }: { readonly here: Tab; readonly id: string }): ReactNode => (
  <nav className="tabs" aria-label="Parts">
    {(Object.keys(tabs) as Array<Tab>).map((tab) => (
      <Link
        key={tab}
        to="/agents/$hire"
        params={{ hire: id }}
        search={{ tab }}
        replace
        aria-current={tab === here ? "page" : undefined}
        activeProps={{}}
      >
        {tabs[tab]}
      </Link>
    ))}
  </nav>
)

/** That it is paused, where it is. */
const Notes = ({ hire }: { readonly hire: Hire }): ReactNode => {
  const pause = usePause(hire)
  return (
    <div className="notes column">
      {pause === undefined ? null : <PauseNote pause={pause} zone={zoneOf(hire.config)} />}
    </div>
  )
}

/** The page of an agent. One that is not finalized yet begins with its form. */
export const Agent = (): ReactNode => {
  const { hire: id } = route.useParams()
  const query = useQuery(hireQuery(id))
  const hire = query.data
  const { tab = hire !== undefined && hire.finalized_at === null ? "settings" : "goals" } = route.useSearch()
  return (
    <Page
      title={hire === undefined ? "Agent" : hireName(hire)}
      beside={hire === undefined ? null : <Beside hire={hire} />}
      actions={<Tabs here={tab} id={id} />}
    >
      <Loaded
        of={query}
        skeleton={
          <div className="column">
            <Bone height={220} />
            <Bone height={120} />
          </div>
        }
      >
        {(known) => {
          switch (tab) {
            case "goals":
              return (
                <>
                  <Notes hire={known} />
                  <InTheMaking hire={known} />
                  <Goals hire={known} />
                </>
              )
            case "drafts":
              return <Drafts hire={known} />
            case "report":
              return (
                <Suspense fallback={<Bone height={320} />}>
                  <Report hire={known} />
                </Suspense>
              )
            case "settings":
              return <Settings key={known.hired_instance_id} hire={known} />
          }
        }}
      </Loaded>
    </Page>
  )
}
