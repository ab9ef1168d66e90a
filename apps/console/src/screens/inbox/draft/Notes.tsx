/** Notes of a decision, which are kept with it. */
import { Button } from "@mantine/core"
import type { Decision } from "@stint/domain/deliverables/Reviews"
import { type ReactNode, useEffect, useRef } from "react"
import styles from "./draft.module.css"

/** The most characters of notes (api.md). */
const LONGEST = 4_000

const words: Record<Decision, { readonly ask: string; readonly verb: string }> = {
  approved: { ask: "Notes, kept with your signature", verb: "Approve" },
  rejected: { ask: "What is wrong with it? (kept with the decision)", verb: "Reject" },
  changes_requested: { ask: "What should its maker change?", verb: "Ask for changes" },
}

/** A field for the notes, with the decision under it. Ctrl/Cmd-Enter decides, Escape goes back. */
export const Notes = ({ busy, close, decision, notes, send, setNotes }: {
  readonly decision: Decision
  readonly notes: string
  readonly setNotes: (notes: string) => void
  readonly busy: boolean
  readonly send: () => void
  readonly close: () => void
}): ReactNode => {
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => field.current?.focus(), [])
  const { ask, verb } = words[decision]
  // a maker that is told nothing can change nothing
  const ready = decision !== "changes_requested" || notes.trim() !== ""
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        if (ready) send()
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") close()
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && ready) send()
      }}
    >
      <label>
        <span>{ask}</span>
        <textarea
          ref={field}
          rows={3}
          required={decision === "changes_requested"}
          maxLength={LONGEST}
          value={notes}
          onChange={(event) => setNotes(event.target.value)}
        />
      </label>
      <div className={styles.bar}>
        <Button type="submit" loading={busy} disabled={!ready} {...(decision === "rejected" ? { color: "red" } : {})}>
          {verb}
        </Button>
        <Button variant="default" onClick={close}>Back</Button>
        <span className={styles.hint} aria-hidden="true">
          <kbd className="kbd">Ctrl/Cmd Enter</kbd>
          <kbd className="kbd">Esc</kbd>
        </span>
      </div>
    </form>
  )
}
