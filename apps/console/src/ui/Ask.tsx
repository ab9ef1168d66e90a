/** Asks for what an action needs, and does it: stays open, with the reason, where it fails. */
import { Button, Textarea } from "@mantine/core"
import { type ReactNode, useEffect, useRef, useState } from "react"
import { failureOf } from "../api/Client.ts"
import styles from "./ask.module.css"
import { Dialog } from "./Dialog.tsx"

/** Why an action failed, with the faults of what was sent. */
export const Refused = ({ error }: { readonly error: unknown }): ReactNode => {
  const { faults, message } = failureOf(error)
  return (
    <div role="alert" className={styles.error}>
      <p>{message}</p>
      {faults.length === 0 ? null : (
        <ul>
          {faults.map((fault) => (
            <li key={`${fault.path} ${fault.message}`}>
              <code>{fault.path}</code> {fault.message}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** A form in a dialog. `ready` says whether there is all that it needs. */
export const Ask = ({ act, bad = false, children, close, no = "Cancel", ready = true, title, verb }: {
  readonly title: string
  /** The button: what it does. */
  readonly verb: string
  /** The button that leaves all as it is. */
  readonly no?: string
  /** Whether it destroys, or stops. */
  readonly bad?: boolean
  readonly ready?: boolean
  readonly act: () => Promise<unknown>
  readonly close: () => void
  readonly children: ReactNode
}): ReactNode => {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const go = () => {
    setBusy(true)
    setError(undefined)
    act().then(close, (cause: unknown) => {
      setError(cause)
      setBusy(false)
    })
  }
  return (
    <Dialog label={title} close={close}>
      <form
        className={styles.ask}
        onSubmit={(event) => {
          event.preventDefault()
          if (ready && !busy) go()
        }}
      >
        <h2>{title}</h2>
        {children}
        {error === undefined ? null : <Refused error={error} />}
        <div className={styles.buttons}>
          <Button variant="default" onClick={close}>{no}</Button>
          <Button type="submit" loading={busy} disabled={!ready} {...(bad ? { color: "red" } : {})}>{verb}</Button>
        </div>
      </form>
    </Dialog>
  )
}

/** The fewest characters of a reason (api.md). */
const SHORTEST = 3

/** Whether a reason can be sent. */
export const isReason = (reason: string): boolean => reason.trim().length >= SHORTEST

/** Why a person acts: it goes into the action log. */
export const ReasonField = ({ autoFocus = false, optional = false, reason, set }: {
  readonly reason: string
  readonly set: (reason: string) => void
  readonly optional?: boolean
  readonly autoFocus?: boolean
}): ReactNode => {
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    if (autoFocus) field.current?.focus()
  }, [autoFocus])
  return (
    <Textarea
      ref={field}
      label="Reason"
      description="It goes into the action log, which nobody can alter."
      required={!optional}
      rows={2}
      maxLength={1000}
      value={reason}
      onChange={(event) => set(event.currentTarget.value)}
    />
  )
}

/** A choice of yes or no, with what yes means. */
export const Choice = ({ checked, children, set }: {
  readonly checked: boolean
  readonly set: (checked: boolean) => void
  readonly children: ReactNode
}): ReactNode => (
  <label className={styles.choice}>
    <input type="checkbox" checked={checked} onChange={(event) => set(event.currentTarget.checked)} />
    <span>{children}</span>
  </label>
)
