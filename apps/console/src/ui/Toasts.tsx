/** Short messages about what was done; read out by screen readers, gone after six seconds, or once its link was followed. */
import { type ReactNode, useSyncExternalStore } from "react"
import styles from "./toasts.module.css"

/** How long a message stands, in milliseconds. */
const STAYS_MS = 6_000

interface Toast {
  readonly id: number
  readonly kind: "ok" | "bad"
  readonly text: ReactNode
}

let toasts: ReadonlyArray<Toast> = []
let next = 0
const watchers = new Set<() => void>()

const set = (now: ReadonlyArray<Toast>): void => {
  toasts = now
  for (const watcher of watchers) watcher()
}

const forget = (id: number): void => set(toasts.filter((one) => one.id !== id))

/** Says that something was done, or failed. */
export const toast = (kind: Toast["kind"], text: ReactNode): void => {
  const id = next++
  set([...toasts.slice(-2), { id, kind, text }])
  setTimeout(() => forget(id), STAYS_MS)
}

const subscribe = (watcher: () => void) => {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

/** The place of the messages, once in the page. */
export const Toasts = (): ReactNode => (
  <div className={styles.toasts} role="status" aria-live="polite">
    {useSyncExternalStore(subscribe, () => toasts).map(({ id, kind, text }) => (
      // a link in it leads to what it told of
      <div key={id} className={styles.toast} data-kind={kind} onClick={() => forget(id)}>
        <span aria-hidden="true">{kind === "ok" ? "✓" : "!"}</span>
        <span>{text}</span>
      </div>
    ))}
  </div>
)
