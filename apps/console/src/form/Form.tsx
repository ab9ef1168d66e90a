/** A form that the service judges: what it refuses stands at its fields, or in words under them. */
import type { ReactNode } from "react"
import { failureOf } from "../api/Client.ts"
import styles from "./form.module.css"

/** A form. */
export const Form = ({ children, submit }: {
  readonly submit: () => void
  readonly children: ReactNode
}): ReactNode => (
  <form
    className={styles.form}
    noValidate
    onSubmit={(event) => {
      event.preventDefault()
      submit()
    }}
  >
    {children}
  </form>
)

/** What was refused, in the service's words; nothing while nothing is. */
export const Refusal = ({ of }: { readonly of: { readonly isError: boolean; readonly error: unknown } }): ReactNode =>
  of.isError ? <p role="alert" className={styles.alert}>{failureOf(of.error).message}</p> : null
