import type { ReactNode } from "react"

/** A filter of the list. One of a link that is none of the options is shown, so that it can be taken off. */
export const Filter = ({ any, label, options, set, value }: {
  readonly label: string
  /** What stands there while nothing is filtered. */
  readonly any: string
  readonly value: string | undefined
  readonly options: ReadonlyArray<readonly [value: string, label: string]>
  readonly set: (value: string | undefined) => void
}): ReactNode => (
  <select
    className="filter"
    aria-label={label}
    data-set={value === undefined ? undefined : ""}
    value={value ?? ""}
    onChange={(event) => set(event.target.value === "" ? undefined : event.target.value)}
  >
    <option value="">{any}</option>
    {options.map(([value, label]) => <option key={value} value={value}>{label}</option>)}
    {value === undefined || options.some(([one]) => one === value) ? null : <option value={value}>{value}</option>}
  </select>
)
