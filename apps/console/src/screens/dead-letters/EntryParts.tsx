/** What an entry shows wherever it stands: its state, how long it is kept, and what can be done with it. */
import type { DeadLetter, DeadLetterState } from "@stint/domain/scheduler/DeadLetters"
import { useQuery, useQueryClient } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { failureOf } from "../../api/Client.ts"
import { retryDeadLetter } from "../../api/DeadLetters.ts"
import { toEach } from "../../api/Many.ts"
import { isUnderWay, runsHeadQuery } from "../../api/Runs.ts"
import { lengthOf, millisOf, ownZone, timeIn, utcOf } from "../../format/Time.ts"
import { count, counted } from "../../format/Words.ts"
import { Ago } from "../../ui/Instant.tsx"
import { useNow } from "../../ui/Now.ts"
import { Tag } from "../../ui/Tag.tsx"
import { toast } from "../../ui/Toasts.tsx"
import { kinds } from "./States.ts"

/** How near its end an entry's retention is worth a colour, in milliseconds. */
const SOON_MS = 86_400_000

/** The state of an entry. */
export const State = ({ state }: { readonly state: DeadLetterState }): ReactNode =>
  <Tag kind={kinds[state]}>{state}</Tag>

/** How long an open entry is kept; of a closed one, since when it is. */
export const Countdown = ({ entry }: { readonly entry: DeadLetter }): ReactNode => {
  const left = millisOf(entry.expires_at) - useNow()
  if (entry.state !== "open") return entry.closed_at == null ? null : <Ago at={entry.closed_at} zone={ownZone} />
  return (
    <time
      className={left < SOON_MS ? "soon" : "dim"}
      dateTime={new Date(millisOf(entry.expires_at)).toISOString()}
      title={`${timeIn(entry.expires_at, ownZone, "exact")} ${ownZone} · ${utcOf(entry.expires_at)}`}
    >
      {left <= 0 ? "expires now" : `expires in ${lengthOf(left)}`}
    </time>
  )
}

/** What the button Retry does. */
export const RETRY = "Queues the runs of this goal again, at once"

/** What came of the latest retry, or redrive, of an open entry; nothing of one that had none. */
export const Again = ({ brief = false, entry }: {
  readonly entry: DeadLetter
  /** In two words, in a table. */
  readonly brief?: boolean
}): ReactNode => {
  const asks = entry.state === "open" && entry.retry_count > 0
  const runs = useQuery({ ...runsHeadQuery({ goal_instance_id: entry.goal_instance_id }), enabled: asks }).data?.items
  if (!asks || runs === undefined) return null
  // a run of it that succeeds closes the entry
  const failed = !runs.some((run) => entry.scheduled_run_ids.includes(run.scheduled_run_id) && isUnderWay(run))
  if (brief) return failed ? <Tag kind="bad">failed again</Tag> : <Tag kind="wait">queued</Tag>
  return failed
    ? (
      <b>
        It was queued again {counted(entry.retry_count, "time")}, and failed again (
        <Ago at={entry.last_failed_at} zone={ownZone} />).
      </b>
    )
    : <b>Its runs are queued again.</b>
}

/** Retries entries, and says what came of it. */
export const useRetry = () => {
  const client = useQueryClient()
  return (ids: ReadonlyArray<string>) =>
    void toEach(ids, retryDeadLetter)
      .then(
        () => toast("ok", ids.length === 1 ? "Its runs are queued." : `The runs of ${count(ids.length)} are queued.`),
        (error: unknown) => toast("bad", failureOf(error).message),
      )
      .finally(() => {
        void client.invalidateQueries({ queryKey: ["dead_letters"] })
        void client.invalidateQueries({ queryKey: ["runs"] })
      })
}
