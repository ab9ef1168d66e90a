/** Decides on many drafts: what can be decided is, and what is refused says why and stays selected. */
import { Button } from "@mantine/core"
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import type { Decision } from "@stint/domain/deliverables/Reviews"
import { validationErrors } from "@stint/domain/Payload"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { type ReactNode, useState } from "react"
import { counted } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { toast } from "../../ui/Toasts.tsx"
import { decideMany } from "./DecideMany.ts"
import { Notes } from "./draft/Notes.tsx"
import styles from "./inbox.module.css"

/** The bar under the list while drafts are selected. */
export const BulkBar = ({ all, chosen, select }: {
  readonly chosen: ReadonlyArray<Deliverable>
  readonly all: () => void
  readonly select: (ids: Iterable<string>) => void
}): ReactNode => {
  const client = useQueryClient()
  const [asking, setAsking] = useState<Decision>()
  const [notes, setNotes] = useState("")
  const decide = useMutation({
    mutationFn: (decision: Decision) => decideMany(chosen, decision, notes),
    onSuccess: ({ decided, refused }, decision) => {
      setAsking(undefined)
      setNotes("")
      select(refused.map(({ id }) => id))
      const what = decision === "approved" ? "approved" : "rejected"
      if (decided > 0) toast("ok", `${counted(decided, "draft")} ${what}.`)
      const first = refused[0]
      if (first !== undefined) toast("bad", `${counted(refused.length, "draft")} not ${what}: ${first.why}`)
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["deliverables"] }),
  })
  const invalid = chosen.filter(({ payload }) => validationErrors(payload).length > 0).length
  useActions([
    { label: "Approve the selected drafts", keys: "A", run: () => setAsking("approved") },
    { label: "Reject the selected drafts", keys: "R", run: () => setAsking("rejected") },
    { label: "Select all drafts of the list", run: all },
  ])
  return (
    <div className={styles.bulk} role="region" aria-label="Selected drafts">
      <p>
        <b>{counted(chosen.length, "draft")} selected</b>{" "}
        <button type="button" className="link-button" onClick={all}>all</button>{" "}
        <button type="button" className="link-button" onClick={() => select([])}>none</button>
      </p>
      {invalid > 0 ? <p className="dim">{counted(invalid, "draft")} can't be approved</p> : null}
      {asking === undefined
        ? (
          <div className={styles.bulkButtons}>
            <Button size="xs" disabled={chosen.length === invalid} onClick={() => setAsking("approved")}>
              Approve…
            </Button>
            <Button size="xs" variant="default" onClick={() => setAsking("rejected")}>Reject…</Button>
          </div>
        )
        : (
          <Notes
            decision={asking}
            notes={notes}
            setNotes={setNotes}
            busy={decide.isPending}
            send={() => decide.mutate(asking)}
            close={() => setAsking(undefined)}
          />
        )}
    </div>
  )
}
