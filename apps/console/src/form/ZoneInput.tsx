/** A zone, typed or chosen. It is judged once somebody has left it: half a name is none, and no fault either. */
import { Autocomplete, type AutocompleteProps } from "@mantine/core"
import { type ReactNode, useState } from "react"
import "./Inputs.ts"
import { zones } from "./Zones.ts"

/** The most names that are proposed at once. */
const PROPOSED = 30

/** The field. */
export const ZoneInput = ({ error, set, ...props }: Omit<AutocompleteProps, "data" | "onChange"> & {
  readonly set: (zone: string) => void
}): ReactNode => {
  const [typing, setTyping] = useState(false)
  return (
    <Autocomplete
      {...props}
      data={zones}
      limit={PROPOSED}
      error={typing ? undefined : error}
      onChange={(zone) => {
        setTyping(true)
        set(zone)
      }}
      onOptionSubmit={() => setTyping(false)}
      onBlur={() => setTyping(false)}
    />
  )
}
