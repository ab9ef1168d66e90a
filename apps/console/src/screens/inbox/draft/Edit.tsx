/** Edits a draft in its place: what is sent is its next revision. What is half done stays while one looks elsewhere. */
import { Button, Textarea } from "@mantine/core"
import "../../../form/Inputs.ts"
import type { Deliverable } from "@stint/domain/deliverables/Deliverables"
import { useMutation, useQueryClient } from "@tanstack/react-query"
import { type ReactNode, useEffect, useRef, useState } from "react"
import { failureOf } from "../../../api/Client.ts"
import { deliverableQuery } from "../../../api/Deliverables.ts"
import { edit as send } from "../../../api/Revisions.ts"
import { focusFirst } from "../../../form/Values.ts"
import { useActions } from "../../../shell/Actions.ts"
import { useUser } from "../../../shell/User.ts"
import { toast } from "../../../ui/Toasts.tsx"
import { Difference } from "./Difference.tsx"
import styles from "./draft.module.css"
import { EditFields } from "./EditFields.tsx"
import { begun, keep, type KeptEdit, keptEdit, onto } from "./KeptEdit.ts"
import { refusalOf } from "./Refusals.ts"

/** The edit of a person, as it stands. */
const useEdit = (draft: Deliverable) => {
  const { subject } = useUser()
  const { deliverable_id: id } = draft
  const [edit, set] = useState(() => keptEdit(subject, id) ?? begun(draft))
  const put = (now: KeptEdit) => {
    set(now)
    keep(subject, id, now)
  }
  return { edit, put, forget: () => keep(subject, id, undefined) }
}

/** What was written while the edit was under way, and the way on. */
const Meanwhile = ({ draft, edit, put }: {
  readonly draft: Deliverable
  readonly edit: KeptEdit
  readonly put: (edit: KeptEdit) => void
}): ReactNode => {
  const { deliverable_id: id, edited_by, payload, revision = 1 } = draft
  const take = () => {
    const now = begun(draft)
    const mine = onto(edit.base, edit.payload, now.base)
    put({ ...now, payload: mine as KeptEdit["payload"], notes: edit.notes })
    toast("ok", `Your changes stand on revision ${revision} now: look at them and save.`)
  }
  return (
    <div className={styles.meanwhile} role="alert">
      <p>
        <b>Revision {revision} was written meanwhile, by {edited_by ?? "its maker"}.</b>{" "}
        <span className="dim">You edit revision {edit.base_revision}. This is what changed:</span>
      </p>
      <Difference id={id} from={edit.base_revision} to={revision} payload={payload} />
      <div>
        <Button size="xs" onClick={take}>Take my changes over to revision {revision}</Button>
      </div>
    </div>
  )
}

const Buttons = ({ busy, close, discard, ready }: {
  readonly busy: boolean
  readonly ready: boolean
  readonly close: () => void
  readonly discard: () => void
}): ReactNode => (
  <footer className={styles.decide}>
    <div className={styles.bar}>
      <Button type="submit" loading={busy} disabled={!ready}>Save</Button>
      <Button variant="default" onClick={close}>Later</Button>
      <Button variant="default" className={styles.no} onClick={discard}>Discard</Button>
      <span className={styles.hint} aria-hidden="true">
        <span>
          <kbd className="kbd">Ctrl/Cmd Enter</kbd> save
        </span>
        <span>
          <kbd className="kbd">Esc</kbd> later
        </span>
      </span>
    </div>
  </footer>
)

/** The form. `close` goes back to the draft, with the edit kept unless it was sent or thrown away. */
export const Edit = ({ close, draft, head }: {
  readonly draft: Deliverable
  readonly head: ReactNode
  readonly close: () => void
}): ReactNode => {
  const client = useQueryClient()
  const { deliverable_id: id, revision = 1 } = draft
  const { edit, forget, put } = useEdit(draft)
  const form = useRef<HTMLFormElement>(null)
  const save = useMutation({
    mutationFn: () => send(id, edit),
    onSuccess: (answer) => {
      forget()
      client.setQueryData(deliverableQuery(id).queryKey, answer)
      toast("ok", `Revision ${answer.revision ?? ""} is saved.`)
      close()
    },
    onError: (error) => void focusFirst(failureOf(error).faults),
    onSettled: () => client.invalidateQueries({ queryKey: ["deliverables"] }),
  })
  useEffect(() => form.current?.querySelector<HTMLElement>("textarea, input")?.focus(), [])
  useActions([{ label: "Edit later", keys: "Escape", run: close }])
  const isBehind = edit.base_revision < revision
  const ready = !isBehind && JSON.stringify(edit.payload) !== JSON.stringify(edit.base)
  const submit = () => {
    if (ready && !save.isPending) save.mutate()
  }
  const { faults } = failureOf(save.error)
  return (
    <form
      ref={form}
      className={styles.edit}
      aria-label="Edit the draft"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented) close()
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit()
      }}
    >
      <div className={styles.editBody}>
        {head}
        {isBehind ? <Meanwhile draft={draft} edit={edit} put={put} /> : null}
        {save.isError
          ? (
            <div role="alert" className={styles.why}>
              <p>{refusalOf(save.error)}</p>
              {faults.filter(({ path }) => document.getElementById(path) === null).map(({ message, path }) => (
                <p key={path}>
                  <code>{path}</code> {message}
                </p>
              ))}
            </div>
          )
          : null}
        <div className={styles.fields}>
          <EditFields
            key={edit.base_revision}
            base={edit.base}
            payload={edit.payload}
            faults={faults}
            set={(payload) => put({ ...edit, payload })}
          />
          <Textarea
            label="Why (kept with the revision)"
            rows={2}
            maxLength={4000}
            value={edit.notes}
            onChange={(event) => put({ ...edit, notes: event.currentTarget.value })}
          />
        </div>
      </div>
      <Buttons
        busy={save.isPending}
        ready={ready}
        close={close}
        discard={() => {
          forget()
          close()
        }}
      />
    </form>
  )
}
