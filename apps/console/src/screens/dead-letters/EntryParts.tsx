/** What an entry shows wherever it stands: its state, how long it is kept, and what can be done with it. */
import type { DeadLetter, DeadLetterState } from "@stint/domain/scheduler/DeadLetters"
import { useQueryClient } from "@tanstack/react-query"
import type { ReactNode } from "react"
import { failureOf } from "../../api/Client.ts"
import { retryDeadLetter } from "../../api/DeadLetters.ts"
import { lengthOf, millisOf, ownZone, timeIn, utcOf } from "../../format/Time.ts"
import { useNow } from "../../ui/Now.ts"
import { Tag } from "../../ui/Tag.tsx"
import { toast } from "../../ui/Toasts.tsx"
import { kinds } from "./States.ts"

/** How near its end an entry's retention is worth a colour, in milliseconds. */
const SOON_MS = 86_400_000

/** The state of an entry. */
export const State = ({ state }: { readonly state: DeadLetterState }): ReactNode =>
  <Tag kind={kinds[state]}>{state}</Tag>

/** How long an open entry is kept. */
export const Countdown = ({ entry }: { readonly entry: DeadLetter }): ReactNode => {
  const left = millisOf(entry.expires_at) - useNow()
  if (entry.state !== "open") return null
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

/** Retries an entry, and says what came of it. */
export const useRetry = () => {
  const client = useQueryClient()
  return (id: string) =>
    void retryDeadLetter(id)
      .then(() => toast("ok", "Its runs are queued."), (error: unknown) => toast("bad", failureOf(error).message))
      .finally(() => {
        void client.invalidateQueries({ queryKey: ["dead_letters"] })
        void client.invalidateQueries({ queryKey: ["runs"] })
      })
}
