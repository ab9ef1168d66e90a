/** The draft that is being read: what it says, what a signature covers, and what can be done with it. */
import { useQuery, useQueryClient } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import type { ReactNode } from "react"
import { deliverableQuery } from "../../api/Deliverables.ts"
import { hireQuery } from "../../api/Hires.ts"
import { runsBetweenQuery } from "../../api/Runs.ts"
import { millisOf, zoneOf } from "../../format/Time.ts"
import { hireName } from "../../format/Words.ts"
import { Ago, Instant } from "../../ui/Instant.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { Decide } from "./draft/Decide.tsx"
import { Payload } from "./draft/Payload.tsx"
import { Signature } from "./draft/Signature.tsx"
import styles from "./inbox.module.css"
import { stateOf } from "./Summary.ts"

/** How long before its draft a run's slot is looked for, in milliseconds. */
const SLOT_MS = 2 * 86_400_000

/** The slot of the run that made the draft; undefined where none is found. */
const useSlot = ({ created_at, deliverable_id, goal_instance_id }: Deliverable) => {
  const made = millisOf(created_at)
  const runs = useQuery({
    ...runsBetweenQuery({
      goal_instance_id,
      from: new Date(made - SLOT_MS).toISOString(),
      to: new Date(made + 1).toISOString(),
    }, 1),
    staleTime: Infinity,
  })
  return runs.data?.items.find((run) => run.deliverable_id === deliverable_id)
}

const Meta = ({ draft }: { readonly draft: Deliverable }): ReactNode => {
  const hire = useQuery(hireQuery(draft.hired_instance_id)).data
  const zone = zoneOf(hire?.config)
  const run = useSlot(draft)
  const state = stateOf(draft)
  return (
    <div className={styles.meta}>
      <Tag kind={state.kind}>{state.words}</Tag>
      {hire === undefined
        ? <Bone width={120} />
        : <Link to="/agents/$hire" params={{ hire: draft.hired_instance_id }} className="dim">{hireName(hire)}</Link>}
      {run === undefined ? null : run.origin === "schedule"
        ? (
          <span>
            slot <Instant at={run.scheduled_time} zone={zone} named />
          </span>
        )
        : <span>run by hand</span>}
      <span>
        made <Ago at={draft.created_at} zone={zone} />
      </span>
    </div>
  )
}

/** The mandate that signed it, or the way to one for drafts like it. */
const MandateLine = ({ draft }: { readonly draft: Deliverable }): ReactNode =>
  typeof draft.mandate_id === "string"
    ? (
      <p className="dim">
        Signed by a mandate of yours. <Link to="/mandates">Go back to asking</Link>
      </p>
    )
    : (
      <p className="dim">
        <Link to="/mandates/new" search={{ from: draft.deliverable_id }}>Sign drafts like this without asking me</Link>
      </p>
    )

const Skeleton = (): ReactNode => (
  <div className={styles.reading}>
    <Bone width="45%" height={30} />
    <div className={styles.meta}>
      <Bone width="70%" height={21} />
    </div>
    <Bone height={168} />
    <div className={styles.gap} />
    <Bone height={118} />
  </div>
)

/** The pane of a draft. */
export const Draft = ({ back, id }: { readonly id: string; readonly back: () => void }): ReactNode => {
  const client = useQueryClient()
  const query = useQuery({
    ...deliverableQuery(id),
    // the list has read it already, as a rule
    placeholderData: () => {
      for (const [, data] of client.getQueriesData<Listed>({ queryKey: ["deliverables", "inbox"] })) {
        const found = data?.pages.flatMap(({ items }) => items).find(({ deliverable_id }) => deliverable_id === id)
        if (found !== undefined) return found
      }
      return undefined
    },
  })
  return (
    <section className={styles.draft} aria-label="Draft">
      <button type="button" className={`link-button ${styles.back}`} onClick={back}>‹ All drafts</button>
      <Loaded of={query} skeleton={<Skeleton />}>
        {(draft) => (
          <>
            <div className={styles.reading}>
              <h2>{draft.title}</h2>
              <Meta draft={draft} />
              <Payload payload={draft.payload} />
              <Signature draft={draft} />
              <MandateLine draft={draft} />
            </div>
            <Decide draft={draft} />
          </>
        )}
      </Loaded>
    </section>
  )
}

interface Listed {
  readonly pages: ReadonlyArray<{ readonly items: ReadonlyArray<Deliverable> }>
}
