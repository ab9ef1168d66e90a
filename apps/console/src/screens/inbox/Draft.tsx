/** The draft that is being read: what it says, what a signature covers, and what can be done with it. */
import { useQuery, useQueryClient } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react"
import { deliverableQuery } from "../../api/Deliverables.ts"
import { hireQuery } from "../../api/Hires.ts"
import { millisOf, zoneOf } from "../../format/Time.ts"
import { hireName } from "../../format/Words.ts"
import { Ago } from "../../ui/Instant.tsx"
import { Left } from "../../ui/Left.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { Decide } from "./draft/Decide.tsx"
import { useFreshApproval } from "./draft/Fresh.ts"
import { Payload } from "./draft/Payload.tsx"
import { Signature } from "./draft/Signature.tsx"
import { Unfinished } from "./draft/Unfinished.tsx"
import styles from "./inbox.module.css"
import { stateOf } from "./Summary.ts"

const Edit = lazy(() => import("./draft/Edit.tsx").then(({ Edit }) => ({ default: Edit })))
const Revisions = lazy(() => import("./draft/Revisions.tsx").then(({ Revisions }) => ({ default: Revisions })))
const ByRule = lazy(() => import("./draft/Mandate.tsx").then(({ ByRule }) => ({ default: ByRule })))

const Slot = lazy(() => import("./draft/Slot.tsx").then(({ Slot }) => ({ default: Slot })))

/** The longest that a timer can wait, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1

/** Which revision it is and who wrote it; nothing of one that was never changed. */
const Written = ({ draft: { edited_by, revision = 1 } }: { readonly draft: Deliverable }): ReactNode =>
  revision === 1 ? null : <span>revision {revision}, by {edited_by ?? "its maker"}</span>

/** Reads the draft again when its time is over: by then it is another one. */
const useExpiry = ({ expires_at, review_status }: Deliverable): void => {
  const client = useQueryClient()
  const ends = review_status === "pending_review" && expires_at !== undefined && expires_at !== null
    ? millisOf(expires_at)
    : undefined
  useEffect(() => {
    if (ends === undefined || ends - Date.now() > LONGEST_TIMER) return
    const refresh = () => void client.invalidateQueries({ queryKey: ["deliverables"] })
    const timer = setTimeout(refresh, Math.max(0, ends - Date.now()) + 250)
    return () => clearTimeout(timer)
  }, [client, ends])
}

const Meta = ({ draft, zone }: { readonly draft: Deliverable; readonly zone: string }): ReactNode => {
  const hire = useQuery(hireQuery(draft.hired_instance_id)).data
  const state = stateOf(draft)
  const { expires_at, review_status } = draft
  return (
    <div className={styles.meta}>
      <Tag kind={state.kind}>{state.words}</Tag>
      {review_status === "pending_review" && expires_at !== undefined && expires_at !== null
        ? <Left at={expires_at} zone={zone} before="expires" />
        : null}
      {hire === undefined
        ? <Bone width={120} />
        : <Link to="/agents/$hire" params={{ hire: draft.hired_instance_id }} className="dim">{hireName(hire)}</Link>}
      <Suspense fallback={<Bone width={90} />}>
        <Slot draft={draft} zone={zone} />
      </Suspense>
      <Written draft={draft} />
      <span>
        made <Ago at={draft.created_at} zone={zone} />
      </span>
    </div>
  )
}

const Read = ({ draft }: { readonly draft: Deliverable }): ReactNode => {
  const [editing, setEditing] = useState(false)
  const zone = zoneOf(useQuery(hireQuery(draft.hired_instance_id)).data?.config)
  useExpiry(draft)
  const fresh = useFreshApproval(draft)
  const head = (
    <>
      <h2>{draft.title}</h2>
      <Meta draft={draft} zone={zone} />
    </>
  )
  if (editing) {
    return (
      <Suspense fallback={<Skeleton />}>
        <Edit draft={draft} head={head} close={() => setEditing(false)} />
      </Suspense>
    )
  }
  const edit = () => setEditing(true)
  return (
    <>
      <div className={styles.reading}>
        {head}
        <Unfinished draft={draft} edit={edit} />
        {(draft.revision ?? 1) > 1
          ? (
            <Suspense fallback={<Bone height={21} />}>
              <Revisions draft={draft} zone={zone} />
            </Suspense>
          )
          : null}
        <Payload payload={draft.payload} />
        <Signature draft={draft} />
        {draft.review_status === "pending_review"
          ? (
            <Suspense fallback={null}>
              <ByRule id={draft.deliverable_id} />
            </Suspense>
          )
          : null}
      </div>
      <Decide draft={draft} edit={edit} fresh={fresh} zone={zone} />
    </>
  )
}

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
        {(draft) => <Read draft={draft} />}
      </Loaded>
    </section>
  )
}

interface Listed {
  readonly pages: ReadonlyArray<{ readonly items: ReadonlyArray<Deliverable> }>
}
