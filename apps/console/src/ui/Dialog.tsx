/** A modal dialog: the platform's own, which holds the focus and closes on Escape. */
import { type ReactNode, useEffect, useRef } from "react"
import styles from "./dialog.module.css"

/** A dialog that is open as long as it is rendered. */
export const Dialog = ({ children, close, label, wide = false }: {
  readonly label: string
  readonly close: () => void
  readonly wide?: boolean
  readonly children: ReactNode
}): ReactNode => {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const { current } = dialog
    current?.showModal()
    return () => current?.close()
  }, [])
  return (
    <dialog
      ref={dialog}
      aria-label={label}
      className={`${styles.dialog} ${wide ? styles.wide : ""}`}
      onCancel={(event) => {
        event.preventDefault()
        close()
      }}
      onMouseDown={(event) => event.target === dialog.current && close()}
    >
      <div className={styles.body}>{children}</div>
    </dialog>
  )
}
