import type { ReactNode } from "react"
import styles from "./draft.module.css"

/** The keys of a bar, beside its buttons. */
export const Keys = ({ keys }: { readonly keys: ReadonlyArray<readonly [string, string]> }): ReactNode => (
  <span className={styles.hint} aria-hidden="true">
    {keys.map(([key, words]) => (
      <span key={key}>
        <kbd className="kbd">{key}</kbd> {words}
      </span>
    ))}
  </span>
)
