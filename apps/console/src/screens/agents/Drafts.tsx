/** All drafts of an agent, the newest first, or those that say something. */
import { useDebouncedValue } from "@mantine/hooks"
import { SEARCHED } from "@stint/domain/deliverables/Deliverables"
import type { Hire } from "@stint/domain/hiring/Hires"
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { inboxQuery } from "../../api/Deliverables.ts"
import { zoneOf } from "../../format/Time.ts"
import { count } from "../../format/Words.ts"
import { Instant } from "../../ui/Instant.tsx"
import { More } from "../../ui/More.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { stateOf, summaryOf } from "../inbox/Summary.ts"
import styles from "./agents.module.css"

/** How long after the last key the drafts are asked, in milliseconds, and from how many characters on. */
const PAUSE_MS = 250
const SHORTEST = 2

/** The drafts. */
export const Drafts = ({ hire }: { readonly hire: Hire }): ReactNode => {
  const { customer_id, hired_instance_id } = hire
  const [text, setText] = useState("")
  const [asked] = useDebouncedValue(text.trim(), PAUSE_MS)
  const search = asked.length < SHORTEST ? undefined : asked
  const query = useInfiniteQuery({
    ...inboxQuery({ customer_id, hired_instance_id, search }),
    placeholderData: keepPreviousData,
  })
  const zone = zoneOf(hire.config)
  return (
    <div className="column">
      <input
        type="search"
        className={`field-input ${styles.search}`}
        aria-label="Find drafts that say"
        placeholder={`Find in titles and texts, of the newest ${count(SEARCHED)}`}
        maxLength={100}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Loaded
        of={query}
        skeleton={<Bone height={260} />}
      >
        {({ pages }) => {
          const drafts = pages.flatMap(({ items }) => items)
          if (drafts.length === 0) {
            return search === undefined
              ? <Empty title="No drafts yet">They come as its goals run.</Empty>
              : <Empty title="No draft says that">Among the newest {count(SEARCHED)}.</Empty>
          }
          return (
            <>
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
            </>
          )
        }}
      </Loaded>
    </div>
  )
}
