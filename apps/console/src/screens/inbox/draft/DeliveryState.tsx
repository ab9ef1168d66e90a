/** How the delivery of an execution stands, and what a person can do about it. */
import { Button } from "@mantine/core"
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { hireQuery } from "../../../api/Hires.ts"
import { zoneOf } from "../../../format/Time.ts"
import { counted } from "../../../format/Words.ts"
import { useActions } from "../../../shell/Actions.ts"
import { Ago } from "../../../ui/Instant.tsx"
import styles from "./draft.module.css"

const refusals: Record<string, string> = {
  subscription_canceled: "The subscription was canceled.",
  hire_deactivated: "The agent was deactivated.",
  hire_gone: "The agent is gone.",
  deliverable_deleted: "The draft was deleted.",
  content_changed: "The content is not what was approved.",
  approval_expired: "Its approval was too old by then.",
  approval_withdrawn: "Its approval was taken back.",
  target_changed: "Where it goes has changed since it was approved.",
}

/** A delivery that waits, failed or was refused. */
export const DeliveryState = ({ again, busy, draft, retry }: {
  readonly draft: Deliverable
  readonly busy: boolean
  readonly retry: (id: string) => void
  /** Decides again, where that helps. */
  readonly again: (() => void) | undefined
}): ReactNode => {
  const zone = zoneOf(useQuery(hireQuery(draft.hired_instance_id)).data?.config)
  const { execution } = draft
  const state = execution?.state ?? "waiting"
  const retries = execution !== undefined && (state === "failed" || state === "waiting")
  useActions(retries ? [{ label: "Try the delivery again", keys: "x", run: () => retry(execution.delivery_id) }] : [])
  if (execution === undefined) return null
  return (
    <div className={styles.delivery}>
      <p>
        {state === "failed"
          ? <b className={styles.over}>The delivery failed for good after {counted(execution.attempts, "attempt")}.</b>
          : state === "refused"
          ? (
            <b className={styles.over}>
              {refusals[execution.reason ?? ""] ?? "The delivery was refused."} Nothing was delivered.
            </b>
          )
          : (
            <b>
              Being delivered, {counted(execution.attempts, "attempt")} so far
              {execution.next_attempt_at === null ? "" : (
                <>
                  ; the next <Ago at={execution.next_attempt_at} zone={zone} />
                </>
              )}
            </b>
          )}
        {execution.last_error === null ? null : <span className="dim">{execution.last_error}</span>}
      </p>
      <div className={styles.bar}>
        {retries
          ? (
            <Button
              variant={state === "failed" ? "filled" : "default"}
              loading={busy}
              onClick={() => retry(execution.delivery_id)}
            >
              {state === "failed" ? "Try again" : "Try now"}
            </Button>
          )
          : null}
        {again === undefined ? null : <Button loading={busy} onClick={again}>Approve again</Button>}
      </div>
    </div>
  )
}
