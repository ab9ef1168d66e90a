/** Asks before what can't be undone: says what will happen, in words of the action. */
import { Button } from "@mantine/core"
import { type ReactNode, useState } from "react"
import { failureOf } from "../api/Client.ts"
import styles from "./confirm.module.css"
import { Dialog } from "./Dialog.tsx"

/** A question with its action. `act` keeps the dialog open, with the reason, where it fails. */
export const Confirm = ({ act, children, close, title, verb }: {
  readonly title: string
  /** The button: what it does. */
  readonly verb: string
  readonly act: () => Promise<unknown>
  readonly close: () => void
  readonly children: ReactNode
}): ReactNode => {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string>()
  const go = () => {
    setBusy(true)
    act().then(close, (cause: unknown) => {
      setError(failureOf(cause).message)
      setBusy(false)
    })
  }
  return (
    <Dialog label={title} close={close}>
      <div className={styles.confirm}>
        <h2>{title}</h2>
        <div className="dim">{children}</div>
        {error === undefined ? null : <p role="alert" className={styles.error}>{error}</p>}
        <div className={styles.buttons}>
          <Button variant="default" onClick={close}>Keep it</Button>
          <Button color="red" loading={busy} onClick={go}>{verb}</Button>
        </div>
      </div>
    </Dialog>
  )
}
