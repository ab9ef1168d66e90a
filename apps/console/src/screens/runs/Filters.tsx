/** The filter of the runs: what holds, each with a way out of it, and a form for another one. */
import { Button } from "@mantine/core"
import { getRouteApi, useNavigate } from "@tanstack/react-router"
import { type FormEvent, memo, type ReactNode, useEffect, useRef, useState } from "react"
import { instantIn, localIn } from "../../format/Local.ts"
import { defined } from "../../format/Search.ts"
import { ownZone, timeIn } from "../../format/Time.ts"
import { useActions } from "../../shell/Actions.ts"
import styles from "./runs.module.css"
import { type IdFilter, idFilterNames, idFilters, type RunsSearch } from "./Search.ts"
import { Views } from "./Views.tsx"

const route = getRouteApi("/app/runs")

/** The times that are offered. */
const times = [["1", "Last hour"], ["24", "Last 24 hours"], ["168", "Last 7 days"]] as const

/** The delays that are offered, in seconds. */
const delays = [["5", "Over 5 s late"], ["60", "Over a minute late"], ["3600", "Over an hour late"]] as const

const wordsOf = (name: keyof RunsSearch, value: string | number): string => {
  if (name === "from") return `slots from ${timeIn(new Date(value), ownZone)}`
  if (name === "to") return `slots before ${timeIn(new Date(value), ownZone)}`
  if (name === "late") return `over ${value} s late`
  return `${idFilters[name as IdFilter].label.toLowerCase()} ${value}`
}

const Chips = (): ReactNode => {
  const search = route.useSearch()
  const navigate = useNavigate()
  const { status: _, ...rest } = search
  return (
    <>
      {(Object.keys(rest) as Array<keyof typeof rest>).map((name) => (
        <button
          key={name}
          type="button"
          className={styles.chip}
          onClick={() => void navigate({ to: "/runs", search: ({ [name]: _, ...was }) => was })}
        >
          <span className="ellipsis">{wordsOf(name, rest[name]!)}</span>
          <span aria-hidden="true">×</span>
          <span className="visually-hidden">remove</span>
        </button>
      ))}
    </>
  )
}

const ById = ({ close }: { readonly close: () => void }): ReactNode => {
  const [kind, setKind] = useState<IdFilter>("goal")
  const [id, setId] = useState("")
  const field = useRef<HTMLInputElement>(null)
  const navigate = useNavigate()
  useEffect(() => field.current?.focus(), [])
  const go = (event: FormEvent) => {
    event.preventDefault()
    const asked = id.trim()
    if (asked === "") return
    close()
    if (/^SCH-/i.test(asked)) void navigate({ to: "/runs/$run", params: { run: asked } })
    else void navigate({ to: "/runs", search: (was) => ({ ...was, [kind]: asked }) })
  }
  return (
    <form className={styles.byId} onSubmit={go}>
      <select
        className="filter"
        aria-label="Filter by"
        value={kind}
        onChange={(event) => setKind(event.target.value as IdFilter)}
      >
        {idFilterNames.map((name) => <option key={name} value={name}>{idFilters[name].label}</option>)}
      </select>
      <input
        ref={field}
        className="field-input"
        aria-label="Its id"
        placeholder="Its id; of a run, to open it"
        value={id}
        onChange={({ target: { value } }) => {
          setId(value)
          const known = idFilterNames.find((name) => {
            const { prefix } = idFilters[name]
            return prefix !== undefined && value.toUpperCase().startsWith(prefix)
          })
          if (known !== undefined) setKind(known)
        }}
        onKeyDown={(event) => event.key === "Escape" && close()}
      />
      <Button type="submit" size="xs" disabled={id.trim() === ""}>Filter</Button>
      <Button size="xs" variant="default" onClick={close}>Close</Button>
    </form>
  )
}

const At = ({ label, set, value }: {
  readonly label: string
  readonly value: string
  readonly set: (value: string) => void
}): ReactNode => (
  <input
    type="datetime-local"
    step="1"
    className="field-input"
    aria-label={`${label}, ${ownZone}`}
    value={value}
    onChange={(event) => set(event.target.value)}
  />
)

const Between = ({ close }: { readonly close: () => void }): ReactNode => {
  const { from, to } = route.useSearch()
  const navigate = useNavigate()
  const local = (instant: string | undefined) => instant === undefined ? "" : localIn(new Date(instant), ownZone)
  const [first, setFirst] = useState(local(from))
  const [end, setEnd] = useState(local(to))
  const iso = (text: string) => text === "" ? undefined : instantIn(text, ownZone).toISOString()
  const go = (event: FormEvent) => {
    event.preventDefault()
    close()
    void navigate({ to: "/runs", search: (was) => defined({ ...was, from: iso(first), to: iso(end) }) })
  }
  return (
    <form className={styles.byId} onSubmit={go}>
      <At label="Slots from" value={first} set={setFirst} />
      <At label="Slots before" value={end} set={setEnd} />
      <Button type="submit" size="xs">Show</Button>
      <Button size="xs" variant="default" onClick={close}>Close</Button>
    </form>
  )
}

/** The line of filters. */
export const Filters = memo(({ open, setOpen }: {
  readonly open: boolean
  readonly setOpen: (open: boolean) => void
}): ReactNode => {
  const search = route.useSearch()
  const navigate = useNavigate()
  const [between, setBetween] = useState(false)
  useActions([
    { label: "Filter the runs", keys: "f", run: () => setOpen(true) },
    ...(Object.keys(search).length > 0
      ? [{ label: "Show all runs", keys: "Escape", run: () => void navigate({ to: "/runs" }) }]
      : []),
  ])
  return (
    <div className="list-filters">
      <select
        className="filter"
        aria-label="Time"
        value=""
        onChange={({ target: { value } }) => {
          if (value === "between") {
            setBetween(true)
            return
          }
          void navigate({
            to: "/runs",
            search: ({ from: _, to: __, ...was }) =>
              value === "any" ? was : { ...was, from: new Date(Date.now() - Number(value) * 3_600_000).toISOString() },
          })
        }}
      >
        <option value="" disabled hidden>{search.from === undefined ? "Any time" : "Time"}</option>
        <option value="any">Any time</option>
        {times.map(([hours, label]) => <option key={hours} value={hours}>{label}</option>)}
        <option value="between">From … to …</option>
      </select>
      {between ? <Between close={() => setBetween(false)} /> : null}
      <select
        className="filter"
        aria-label="Lateness"
        value={search.late === undefined ? "" : String(search.late)}
        onChange={({ target: { value } }) =>
          void navigate({
            to: "/runs",
            search: ({ late: _, ...was }) => value === "" ? was : { ...was, late: Number(value) },
          })}
      >
        <option value="">Any lateness</option>
        {delays.map(([seconds, label]) => <option key={seconds} value={seconds}>{label}</option>)}
        {search.late === undefined || delays.some(([seconds]) => Number(seconds) === search.late)
          ? null
          : <option value={search.late}>Over {search.late} s late</option>}
      </select>
      {open
        ? <ById close={() => setOpen(false)} />
        : (
          <button type="button" className={styles.chip} onClick={() => setOpen(true)}>
            + Filter <span className="kbd" aria-hidden="true">F</span>
          </button>
        )}
      <Chips />
      <Views />
    </div>
  )
})
