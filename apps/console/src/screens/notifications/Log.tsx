/** The messages to a person: what was sent, when, by which channel, and what failed. */
import type { NoticeState } from "@stint/domain/deliverables/Notices"
import type { CustomerId } from "@stint/domain/Ids"
import { useInfiniteQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { noticesQuery } from "../../api/Notices.ts"
import { ownZone } from "../../format/Time.ts"
import { Instant } from "../../ui/Instant.tsx"
import { More } from "../../ui/More.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import { Table } from "../../ui/Table.tsx"
import { type Kind, Tag } from "../../ui/Tag.tsx"
import styles from "./notifications.module.css"

const states: Readonly<Record<NoticeState, { readonly kind: Kind; readonly words: string }>> = {
  waiting: { kind: "run", words: "on its way" },
  sent: { kind: "ok", words: "sent" },
  failed: { kind: "bad", words: "failed" },
  dropped: { kind: "plain", words: "dropped" },
}

/** The log. */
export const Log = ({ customer, person }: { readonly customer: CustomerId; readonly person: string }): ReactNode => {
  const query = useInfiniteQuery(noticesQuery(customer, person))
  return (
    <Loaded of={query} skeleton={<Bone height={120} />}>
      {({ pages }) => {
        const notices = pages.flatMap(({ items }) => items)
        if (notices.length === 0) return <p className="dim">Nothing was sent yet.</p>
        return (
          <>
            <Table
              label="Messages"
              columns={[
                { label: "Message" },
                { label: "State" },
                { label: "Where to", wide: true },
                { label: "Tries", wide: true },
                { label: "When", wide: true },
              ]}
              rows={notices.map((notice) => ({
                key: notice.notice_id,
                cells: [
                  <div key="subject">
                    {notice.subject}
                    {notice.last_error === null ? null : <p className={styles.error}>{notice.last_error}</p>}
                  </div>,
                  <Tag key="state" kind={states[notice.state].kind}>{states[notice.state].words}</Tag>,
                  `${notice.kind} ${notice.target}`,
                  String(notice.tries),
                  <Instant key="when" at={notice.created_at} zone={ownZone} />,
                ],
              }))}
            />
            <More of={query} />
          </>
        )
      }}
    </Loaded>
  )
}
