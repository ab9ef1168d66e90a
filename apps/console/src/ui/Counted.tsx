/** How many a tab has, beside its name. */
import { MOST_COUNTED } from "@stint/domain/scheduler/Runs"
import type { ReactNode } from "react"
import { count } from "../format/Words.ts"

/** The number, a word of its own; nothing until it is known, and a plus where it ends before all were counted. */
export const Counted = ({ value }: { readonly value: number | undefined }): ReactNode =>
  value === undefined ? null : (
    <>
      {" "}
      <span className="counted">{value >= MOST_COUNTED ? `${count(MOST_COUNTED)}+` : count(value)}</span>
    </>
  )
