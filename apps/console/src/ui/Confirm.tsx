/** Asks before what can't be undone: says what will happen, in words of the action. */
import type { ReactNode } from "react"
import { Ask } from "./Ask.tsx"

/** A question with its action. `act` keeps the dialog open, with the reason, where it fails. */
export const Confirm = ({ act, children, close, title, verb }: {
  readonly title: string
  /** The button: what it does. */
  readonly verb: string
  readonly act: () => Promise<unknown>
  readonly close: () => void
  readonly children: ReactNode
}): ReactNode => (
  <Ask title={title} verb={verb} no="Keep it" bad act={act} close={close}>
    <div className="dim">{children}</div>
  </Ask>
)
