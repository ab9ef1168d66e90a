/** What changed since the revision before, and all revisions: who wrote each, when, and why. */
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { type ReactNode, useState } from "react"
import { diffQuery, revisionsQuery } from "../../../api/Revisions.ts"
import { shortened } from "../../../format/Words.ts"
import { Instant } from "../../../ui/Instant.tsx"
import { More } from "../../../ui/More.tsx"
import { Bone, Loaded } from "../../../ui/States.tsx"
import { Difference } from "./Difference.tsx"
import styles from "./draft.module.css"
import { summaryOf } from "./Places.ts"

const All = ({ compare, draft, from, zone }: {
  readonly draft: Deliverable
  readonly zone: string
  readonly from: number | undefined
  readonly compare: (revision: number) => void
}): ReactNode => {
  const query = useInfiniteQuery(revisionsQuery(draft.deliverable_id))
  return (
    <Loaded of={query} skeleton={<Bone height={64} />}>
      {({ pages }) => (
        <>
          <ol className={styles.revisions} reversed>
            {pages.flatMap(({ items }) => items).map((one) => (
              <li key={one.revision}>
                <span>
                  <b>Revision {one.revision}</b> by {one.by_maker ? "its maker" : one.author},{" "}
                  <Instant at={one.created_at} zone={zone} />{" "}
                  <span className="faint mono" title={`SHA-256 ${one.content_sha256}`}>
                    {shortened(one.content_sha256)}
                  </span>
                </span>
                {one.revision === draft.revision ? <span className="dim">this one</span> : (
                  <button
                    type="button"
                    className="link-button"
                    aria-pressed={from === one.revision}
                    onClick={() => compare(one.revision)}
                  >
                    Compare
                  </button>
                )}
                {one.notes === null ? null : <span className={styles.notes}>{one.notes}</span>}
              </li>
            ))}
          </ol>
          <More of={query}>Older revisions</More>
        </>
      )}
    </Loaded>
  )
}

/** The line of what changed, which shows it, and the list of revisions. */
export const Revisions = ({ draft, zone }: { readonly draft: Deliverable; readonly zone: string }): ReactNode => {
  const { deliverable_id: id, payload, revision = 1 } = draft
  const [from, setFrom] = useState<number>()
  const [all, setAll] = useState(false)
  const latest = useQuery(diffQuery(id, revision - 1, revision)).data
  // a newer revision is compared with what it is made of
  const shows = from !== undefined && from < revision ? from : undefined
  return (
    <section className={styles.changed} aria-label="Revisions">
      <p>
        Changed since revision {revision - 1}: {latest === undefined
          ? <span className={styles.later}>…</span>
          : latest.changes.length === 0
          ? "nothing"
          : summaryOf(latest.changes, payload)}{" "}
        <button
          type="button"
          className="link-button"
          aria-expanded={shows !== undefined}
          onClick={() => setFrom(shows === undefined ? revision - 1 : undefined)}
        >
          {shows === undefined ? "show" : "hide"}
        </button>
        {" · "}
        <button type="button" className="link-button" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "fewer" : `all ${revision} revisions`}
        </button>
      </p>
      {all ? <All draft={draft} zone={zone} from={shows} compare={setFrom} /> : null}
      {shows === undefined ? null : (
        <>
          {shows === revision - 1 ? null : <p className="dim">From revision {shows} to this one:</p>}
          <Difference id={id} from={shows} to={revision} payload={payload} />
        </>
      )}
    </section>
  )
}
