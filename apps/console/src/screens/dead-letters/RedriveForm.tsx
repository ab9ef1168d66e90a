/** Redrives many dead letters: a dry run says which and how long, then they are queued, at a pace. */
import { Button, TextInput } from "@mantine/core"
import type { RedriveFilter, Redriven } from "@stint/domain/scheduler/DeadLetters"
import { useQueryClient } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { type ReactNode, useRef, useState } from "react"
import { idempotencyKey } from "../../api/Client.ts"
import { redrive } from "../../api/DeadLetters.ts"
import { ownZone } from "../../format/Time.ts"
import { counted } from "../../format/Words.ts"
import { Ask, isReason, ReasonField, Refused } from "../../ui/Ask.tsx"
import { Instant } from "../../ui/Instant.tsx"
import { toast } from "../../ui/Toasts.tsx"

/** How many entries are queued at once, unless someone says else. */
const CAP = "100"

const numberOf = (text: string): number | undefined => text.trim() === "" ? undefined : Number(text)

const Would = ({ dry }: { readonly dry: Redriven }): ReactNode => (
  <p role="status">
    {dry.matched === 0 ? "Nothing would be queued." : (
      <>
        Would queue <b>{counted(dry.runs, "run")}</b> of {counted(dry.matched, "goal")}
        {dry.finishes_at === null ? "." : (
          <>
            ; the last one starts by <Instant at={dry.finishes_at} zone={ownZone} as="exact" />.
          </>
        )}
      </>
    )}
  </p>
)

/** The form. */
export const RedriveForm = ({ close, filter, title }: {
  readonly filter: typeof RedriveFilter.Encoded
  readonly title: string
  readonly close: () => void
}): ReactNode => {
  const client = useQueryClient()
  const [reason, setReason] = useState("")
  const [cap, setCap] = useState(CAP)
  const [pace, setPace] = useState("")
  const [dry, setDry] = useState<Redriven>()
  const [error, setError] = useState<unknown>()
  // a press that is repeated, or sent again after no answer, is the same redrive; another input is another one
  const key = useRef({ of: "", key: "" })
  const asked = () => {
    const [most, per_minute] = [numberOf(cap), numberOf(pace)]
    return {
      filter,
      ...(most === undefined ? {} : { cap: most }),
      ...(per_minute === undefined ? {} : { per_minute }),
    }
  }
  const look = () => {
    setError(undefined)
    redrive({ ...asked(), dry_run: true }, idempotencyKey()).then(setDry, setError)
  }
  const act = () => {
    const body = { ...asked(), reason }
    const of = JSON.stringify(body)
    if (key.current.of !== of) key.current = { of, key: idempotencyKey() }
    return redrive(body, key.current.key).then(({ dlq_ids: [first], queued, runs }) => {
      toast(
        "ok",
        queued === 0 || first === undefined ? "Nothing was queued." : (
          <>
            {counted(runs, "run")} of {counted(queued, "goal")} queued. {queued === 1
              ? <Link to="/dead-letters/entry/$entry" params={{ entry: first }}>See how it goes</Link>
              : <Link to="/dead-letters">See which are still open</Link>}
          </>
        ),
      )
      void client.invalidateQueries({ queryKey: ["dead_letters"] })
      void client.invalidateQueries({ queryKey: ["runs"] })
    })
  }
  return (
    <Ask title={title} verb="Redrive" act={act} close={close} ready={isReason(reason)}>
      <p className="dim">
        All their runs are queued again, the oldest first, under their own keys: what was done once is not done twice.
        (Retry is the same for one goal, at once.)
      </p>
      <div className="fields">
        <TextInput
          label="At most (goals)"
          inputMode="numeric"
          value={cap}
          onChange={(event) => setCap(event.currentTarget.value)}
        />
        <TextInput
          label="Pace, runs a minute"
          placeholder="as fast as they go"
          inputMode="numeric"
          value={pace}
          onChange={(event) => setPace(event.currentTarget.value)}
        />
      </div>
      <div>
        <Button size="xs" variant="default" onClick={look}>Dry run</Button>
      </div>
      {dry === undefined ? null : <Would dry={dry} />}
      {error === undefined ? null : <Refused error={error} />}
      <ReasonField reason={reason} set={setReason} />
    </Ask>
  )
}
