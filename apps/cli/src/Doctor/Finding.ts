/** What a check says. */
import { printable } from "@stint/edge/Printable"

/** One check, in printable words; `mend` says what to do where it is not well. */
export interface Finding {
  readonly name: string
  readonly state: "ok" | "warning" | "failed" | "skipped"
  readonly detail: string
  readonly mend?: string
}

/** All is well. */
export const ok = (name: string, detail: string): Finding => ({ name, state: "ok", detail: printable(detail) })

/** It could not be looked at, or need not be. */
export const skipped = (name: string, detail: string): Finding => ({
  name,
  state: "skipped",
  detail: printable(detail),
})

/** It works, and should be changed. */
export const warning = (name: string, detail: string, mend: string): Finding => ({
  name,
  state: "warning",
  detail: printable(detail),
  mend: printable(mend),
})

/** It does not work. */
export const failed = (name: string, detail: string, mend: string): Finding => ({
  ...warning(name, detail, mend),
  state: "failed",
})
