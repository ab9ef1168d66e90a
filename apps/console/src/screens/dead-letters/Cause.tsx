/** One cause: what it says, its entries with their countdown, and what can be done with all of them or with one. */
import { Button } from "@mantine/core"
import type { DeadLetter, DeadLetterState } from "@stint/domain/scheduler/DeadLetters"
import { useInfiniteQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { deadLettersQuery } from "../../api/DeadLetters.ts"
import { ownZone } from "../../format/Time.ts"
import { count, counted, shortened, titled } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { Ago } from "../../ui/Instant.tsx"
import { More } from "../../ui/More.tsx"
import { Page } from "../../ui/Page.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { Table } from "../../ui/Table.tsx"
import { GoalName } from "../goals/GoalName.tsx"
import styles from "./dead-letters.module.css"
import { DiscardForm } from "./DiscardForm.tsx"
import { Again, Countdown, RETRY, useRetry } from "./EntryParts.tsx"
import { RedriveForm } from "./RedriveForm.tsx"
import { adviceOn } from "./States.ts"

const route = getRouteApi("/app/dead-letters/$cause")

/** The most entries that are discarded at once. */
const DISCARDED = 200

/** How many entries are called by the names of their goals, each of which is asked for; the others by their agents' type. */
const NAMED = 50

/** What an entry is called where its goal's name is not asked for, or not known: by its agent's type. */
const nameOf = ({ agent_id, goal_instance_id }: DeadLetter): string =>
  agent_id == null ? shortened(goal_instance_id) : titled(agent_id)

type Asked =
  | { readonly kind: "redrive" }
  | { readonly kind: "discard"; readonly ids: ReadonlyArray<string> }
  | undefined

const Entries = ({ discard, entries, select, selected, state }: {
  readonly entries: ReadonlyArray<DeadLetter>
  readonly state: DeadLetterState
  readonly discard: (ids: ReadonlyArray<string>) => void
  readonly selected: ReadonlySet<string>
  /** Absent where nothing can be done with them. */
  readonly select: ((id: string) => void) | undefined
}): ReactNode => {
  const retry = useRetry()
  return (
    <Table
      label="Dead letters of this cause"
      columns={[
        ...(select === undefined ? [] : [{ label: "Select", silent: true }]),
        { label: "Goal" },
        { label: "Customer", wide: true },
        { label: "Failures", number: true, wide: true },
        { label: "Runs", number: true, wide: true },
        { label: "Retried", number: true, wide: true },
        { label: "Last failed", wide: true },
        { label: state === "open" ? "Kept" : "Closed" },
        { label: "Actions", silent: true },
      ]}
      rows={entries.map((entry, nth) => ({
        key: entry.dlq_id,
        cells: [
          ...(select === undefined ? [] : [
            <input
              key="select"
              type="checkbox"
              aria-label={`Select ${entry.goal_instance_id}`}
              checked={selected.has(entry.dlq_id)}
              onChange={() => select(entry.dlq_id)}
            />,
          ]),
          <span key="goal" className={styles.goal}>
            <Link to="/dead-letters/entry/$entry" params={{ entry: entry.dlq_id }}>
              {nth < NAMED
                ? (
                  <GoalName
                    goal={entry.goal_instance_id}
                    hire={entry.hired_instance_id}
                    otherwise={nameOf(entry)}
                  />
                )
                : nameOf(entry)}
            </Link>
            <span className="mono faint" title={entry.goal_instance_id}>{shortened(entry.goal_instance_id)}</span>
          </span>,
          entry.customer_id == null
            ? "–"
            : (
              <Link key="customer" to="/customers/$customer" params={{ customer: entry.customer_id }}>
                {entry.customer_id}
              </Link>
            ),
          count(entry.failure_count),
          count(entry.scheduled_run_ids.length),
          <span key="retried">
            {count(entry.retry_count)} {nth < NAMED ? <Again entry={entry} brief /> : null}
          </span>,
          <Ago key="last" at={entry.last_failed_at} zone={ownZone} />,
          <Countdown key="kept" entry={entry} />,
          select === undefined ? null : (
            <span key="actions" className="row-actions">
              <button
                type="button"
                className="link-button"
                title={RETRY}
                onClick={() => retry([entry.dlq_id])}
              >
                Retry
              </button>
              <button type="button" className="link-button bad" onClick={() => discard([entry.dlq_id])}>
                Discard…
              </button>
            </span>
          ),
        ],
      }))}
    />
  )
}

const Selected = ({ clear, discard, ids }: {
  readonly ids: ReadonlyArray<string>
  readonly discard: (ids: ReadonlyArray<string>) => void
  readonly clear: () => void
}): ReactNode => {
  const retry = useRetry()
  return (
    <div className={`card ${styles.selected}`} role="region" aria-label="Selected dead letters">
      <b>{counted(ids.length, "dead letter")} selected</b>
      <button type="button" className="link-button" onClick={clear}>none</button>
      <span className="spring" />
      <Button size="xs" variant="default" onClick={() => discard(ids)}>Discard {count(ids.length)}…</Button>
      <Button
        size="xs"
        onClick={() => {
          retry(ids)
          clear()
        }}
      >
        Retry {count(ids.length)}
      </Button>
    </div>
  )
}

/** The screen of a cause. */
export const Cause = (): ReactNode => {
  const { cause } = route.useParams()
  const { state = "open" } = route.useSearch()
  const query = useInfiniteQuery(deadLettersQuery({ fingerprint: cause, state }))
  const operator = useIsOperator()
  const [asked, setAsked] = useState<Asked>()
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const entries = query.data?.pages.flatMap(({ items }) => items) ?? []
  const first = entries[0]
  // what was closed meanwhile is not selected any more
  const selected = entries.map(({ dlq_id }) => dlq_id as string).filter((id) => chosen.has(id))
  const can = operator && state === "open" && entries.length > 0
  const discardThese = (ids: ReadonlyArray<string>) => setAsked({ kind: "discard", ids })
  const discardAll = () => discardThese(entries.slice(0, DISCARDED).map(({ dlq_id }) => dlq_id))
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
            <Button
              size="xs"
              title="Queues the runs of all its goals again: with a dry run, a limit and a pace"
              onClick={() => setAsked({ kind: "redrive" })}
            >
              Redrive…
            </Button>
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
                      {adviceOn(first.error_type)} <span className="faint mono">{cause}</span>
                    </p>
                    {first.stack_trace === null ? null : (
                      <details>
                        <summary className="dim">Stack of the latest failure</summary>
                        <pre className="code" tabIndex={0}>{first.stack_trace}</pre>
                      </details>
                    )}
                  </section>
                  {selected.length === 0
                    ? null
                    : <Selected ids={selected} discard={discardThese} clear={() => setChosen(new Set())} />}
                  <Entries
                    entries={entries}
                    state={state}
                    discard={discardThese}
                    selected={chosen}
                    select={can ? (id) => setChosen((was) => was.symmetricDifference(new Set([id]))) : undefined}
                  />
                  <More of={query} />
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
