/** One cause: what it says, its entries with their countdown, and what can be done with all of them or with one. */
import { Button } from "@mantine/core"
import type { DeadLetter } from "@stint/domain/scheduler/DeadLetters"
import { useInfiniteQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { deadLettersQuery } from "../../api/DeadLetters.ts"
import { ownZone } from "../../format/Time.ts"
import { count, counted } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { Ago } from "../../ui/Instant.tsx"
import { Page } from "../../ui/Page.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { Table } from "../../ui/Table.tsx"
import styles from "./dead-letters.module.css"
import { DiscardForm } from "./DiscardForm.tsx"
import { Countdown, State, useRetry } from "./EntryParts.tsx"
import { RedriveForm } from "./RedriveForm.tsx"

const route = getRouteApi("/app/dead-letters/$cause")

/** The most entries that are discarded at once. */
const DISCARDED = 200

type Asked =
  | { readonly kind: "redrive" }
  | { readonly kind: "discard"; readonly ids: ReadonlyArray<string> }
  | undefined

const Entries = ({ discard, entries }: {
  readonly entries: ReadonlyArray<DeadLetter>
  readonly discard: (ids: ReadonlyArray<string>) => void
}): ReactNode => {
  const operator = useIsOperator()
  const retry = useRetry()
  return (
    <Table
      label="Dead letters of this cause"
      columns={[
        { label: "Goal" },
        { label: "State" },
        { label: "Failures", number: true, wide: true },
        { label: "Runs", number: true, wide: true },
        { label: "Retried", number: true, wide: true },
        { label: "Last failed", wide: true },
        { label: "Kept" },
        { label: "Actions", silent: true },
      ]}
      rows={entries.map((entry) => ({
        key: entry.dlq_id,
        cells: [
          <Link key="goal" className="mono" to="/dead-letters/entry/$entry" params={{ entry: entry.dlq_id }}>
            {entry.goal_instance_id}
          </Link>,
          <State key="state" state={entry.state} />,
          count(entry.failure_count),
          count(entry.scheduled_run_ids.length),
          count(entry.retry_count),
          <Ago key="last" at={entry.last_failed_at} zone={ownZone} />,
          <Countdown key="kept" entry={entry} />,
          operator && entry.state === "open"
            ? (
              <span key="actions" className="row-actions">
                <button type="button" className="link-button" onClick={() => retry(entry.dlq_id)}>Retry</button>
                <button type="button" className="link-button bad" onClick={() => discard([entry.dlq_id])}>
                  Discard…
                </button>
              </span>
            )
            : null,
        ],
      }))}
    />
  )
}

/** The screen of a cause. */
export const Cause = (): ReactNode => {
  const { cause } = route.useParams()
  const { state = "open" } = route.useSearch()
  const query = useInfiniteQuery(deadLettersQuery({ fingerprint: cause, state }))
  const operator = useIsOperator()
  const [asked, setAsked] = useState<Asked>()
  const entries = query.data?.pages.flatMap(({ items }) => items) ?? []
  const first = entries[0]
  const can = operator && state === "open" && entries.length > 0
  const discardAll = () => setAsked({ kind: "discard", ids: entries.slice(0, DISCARDED).map(({ dlq_id }) => dlq_id) })
  useActions(
    can
      ? [
        { label: "Redrive this cause", keys: "r", run: () => setAsked({ kind: "redrive" }) },
        { label: "Discard all of this cause", keys: "D", run: discardAll },
      ]
      : [],
  )
  const close = () => setAsked(undefined)
  return (
    <Page
      title="Dead letters"
      beside={<Link className="dim" to="/dead-letters" search={state === "open" ? {} : { state }}>‹ All causes</Link>}
      actions={can
        ? (
          <>
            <Button size="xs" variant="default" onClick={discardAll}>
              Discard {counted(Math.min(entries.length, DISCARDED), "entry", "entries")}…
            </Button>
            <Button size="xs" onClick={() => setAsked({ kind: "redrive" })}>Redrive…</Button>
          </>
        )
        : null}
    >
      <div className="wide-column">
        <Loaded
          of={query}
          skeleton={
            <>
              <Bone height={64} />
              <Bone height={160} />
            </>
          }
        >
          {() =>
            first === undefined
              ? (
                <Empty title={`Nothing of this cause is ${state}`}>
                  <Link to="/dead-letters">To all causes</Link>
                </Empty>
              )
              : (
                <>
                  <section className={styles.what}>
                    <h2>{first.error_message ?? "No message was kept"}</h2>
                    <p className="dim">
                      {first.error_type?.toLowerCase()} · <span className="mono">{cause}</span>
                    </p>
                    {first.stack_trace === null ? null : (
                      <details>
                        <summary className="dim">Stack of the latest failure</summary>
                        <pre className="code" tabIndex={0}>{first.stack_trace}</pre>
                      </details>
                    )}
                  </section>
                  <Entries entries={entries} discard={(ids) => setAsked({ kind: "discard", ids })} />
                  {query.hasNextPage
                    ? (
                      <div>
                        <Button
                          variant="default"
                          loading={query.isFetchingNextPage}
                          onClick={() => void query.fetchNextPage()}
                        >
                          More
                        </Button>
                      </div>
                    )
                    : null}
                </>
              )}
        </Loaded>
      </div>
      {asked?.kind === "redrive"
        ? <RedriveForm filter={{ fingerprint: cause }} title="Redrive this cause" close={close} />
        : null}
      {asked?.kind === "discard" ? <DiscardForm ids={asked.ids} close={close} /> : null}
    </Page>
  )
}
