/** Dead letters by their cause: what failed, how often, since when, and the redrive of all of it. */
import { Button } from "@mantine/core"
import type { DeadLetterCause, DeadLetterState } from "@stint/domain/scheduler/DeadLetters"
import { useQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { causesQuery, deadLetterCountsQuery } from "../../api/DeadLetters.ts"
import { ownZone } from "../../format/Time.ts"
import { capital, count, counted } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { Counted } from "../../ui/Counted.tsx"
import { Ago } from "../../ui/Instant.tsx"
import { Page } from "../../ui/Page.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import styles from "./dead-letters.module.css"
import { RedriveForm } from "./RedriveForm.tsx"
import { deadLetterStates } from "./States.ts"

const route = getRouteApi("/app/dead-letters")

const Line = (
  { cause, state }: { readonly cause: typeof DeadLetterCause.Type; readonly state: DeadLetterState },
): ReactNode => (
  <li className={styles.cause}>
    <Link
      to="/dead-letters/$cause"
      params={{ cause: cause.fingerprint }}
      search={state === "open" ? {} : { state }}
      className={styles.link}
    >
      <span className={styles.message}>{cause.error_message ?? "No message was kept"}</span>
      <span className={styles.meta}>
        <Tag kind={cause.error_type === "PERMANENT" ? "bad" : "wait"}>
          {cause.error_type?.toLowerCase() ?? "unknown"}
        </Tag>
        <span>{counted(cause.entries, "goal")}</span>
        <span>{counted(cause.runs, "run")}</span>
        <span>
          first <Ago at={cause.first_failed_at} zone={ownZone} />
        </span>
        <span>
          last <Ago at={cause.last_failed_at} zone={ownZone} />
        </span>
      </span>
    </Link>
  </li>
)

const nothing: Readonly<Record<DeadLetterState, string>> = {
  open: "Nothing is dead-lettered",
  resolved: "None was resolved",
  discarded: "None was discarded",
  expired: "None has expired",
}

/** The screen of causes. */
export const Causes = (): ReactNode => {
  const { state = "open" } = route.useSearch()
  const query = useQuery(causesQuery(state))
  const counts = useQuery(deadLetterCountsQuery).data
  const operator = useIsOperator()
  const [redriving, setRedriving] = useState(false)
  const causes = query.data?.items ?? []
  const can = operator && state === "open" && causes.length > 0
  useActions(can ? [{ label: "Redrive dead letters", keys: "r", run: () => setRedriving(true) }] : [])
  return (
    <Page
      title="Dead letters"
      beside={query.data === undefined || causes.length === 0 ? null : (
        <span className="dim">
          {counted(causes.length, "cause")} · {count(causes.reduce((sum, { entries }) => sum + entries, 0))} {state}
        </span>
      )}
      actions={
        <>
          <nav className="tabs" aria-label="States">
            {deadLetterStates.map((one) => (
              <Link
                key={one}
                to="/dead-letters"
                search={one === "open" ? {} : { state: one }}
                aria-current={one === state ? "page" : undefined}
                activeProps={{}}
                activeOptions={{ exact: true }}
              >
                {capital(one)}
                <Counted value={counts?.[one]} />
              </Link>
            ))}
          </nav>
          {can ? <Button size="xs" onClick={() => setRedriving(true)}>Redrive all…</Button> : null}
        </>
      }
    >
      <div className="wide-column">
        <Loaded of={query} skeleton={<Bone height={216} />}>
          {({ items }) =>
            items.length === 0
              ? (
                <Empty title={nothing[state]}>
                  <p>A run comes here when it fails for good, or on its fifth attempt.</p>
                </Empty>
              )
              : (
                <ul className={`card ${styles.causes}`}>
                  {items.map((cause) => <Line key={cause.fingerprint} cause={cause} state={state} />)}
                </ul>
              )}
        </Loaded>
      </div>
      {redriving ? <RedriveForm filter={{}} title="Redrive all causes" close={() => setRedriving(false)} /> : null}
    </Page>
  )
}
