/** All drafts of an agent, the newest first. */
import type { Hire } from "@stint/domain/hiring/Hires"
import { useInfiniteQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { inboxQuery } from "../../api/Deliverables.ts"
import { zoneOf } from "../../format/Time.ts"
import { Instant } from "../../ui/Instant.tsx"
import { More } from "../../ui/More.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { stateOf, summaryOf } from "../inbox/Summary.ts"
import styles from "./agents.module.css"

/** The drafts. */
export const Drafts = ({ hire }: { readonly hire: Hire }): ReactNode => {
  const { customer_id, hired_instance_id } = hire
  const query = useInfiniteQuery(inboxQuery({ customer_id, hired_instance_id }))
  const zone = zoneOf(hire.config)
  return (
    <Loaded
      of={query}
      skeleton={
        <div className="column">
          <Bone height={260} />
        </div>
      }
    >
      {({ pages }) => {
        const drafts = pages.flatMap(({ items }) => items)
        if (drafts.length === 0) return <Empty title="No drafts yet">They come as its goals run.</Empty>
        return (
          <div className="column">
            <div className={styles.list}>
              {drafts.map((draft) => {
                const state = stateOf(draft)
                return (
                  <Link
                    key={draft.deliverable_id}
                    to="/inbox/$deliverable"
                    params={{ deliverable: draft.deliverable_id }}
                    search={{ show: "all", agent: hired_instance_id }}
                    className={styles.row}
                  >
                    <b className="ellipsis">{draft.title}</b>
                    <Tag kind={state.kind}>{state.words}</Tag>
                    <span className="dim ellipsis">{summaryOf(draft.payload)}</span>
                    <span className="faint">
                      <Instant at={draft.created_at} zone={zone} />
                    </span>
                  </Link>
                )
              })}
            </div>
            <More of={query}>Older drafts</More>
          </div>
        )
      }}
    </Loaded>
  )
}
