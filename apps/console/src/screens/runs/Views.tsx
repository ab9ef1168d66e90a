/** Filters under names: chosen, kept and forgotten. */
import { TextInput } from "@mantine/core"
import { getRouteApi, useNavigate } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { CallFailed } from "../../api/Client.ts"
import { useActions } from "../../shell/Actions.ts"
import { Ask } from "../../ui/Ask.tsx"
import styles from "./runs.module.css"
import { LONGEST_NAME, MOST_VIEWS, store, stored, viewOf, withoutView, withView } from "./SavedViews.ts"

const route = getRouteApi("/app/runs")

const SaveForm = ({ close, save }: {
  readonly save: (name: string) => void
  readonly close: () => void
}): ReactNode => {
  const [name, setName] = useState("")
  const act = () =>
    new Promise<void>((done) => {
      save(name.trim())
      done()
    })
  return (
    <Ask title="Keep this view" verb="Keep it" act={act} close={close} ready={name.trim() !== ""}>
      <p className="dim">The filter as it stands, under a name, in this browser. Its address works for everybody.</p>
      <TextInput
        label="Name"
        required
        data-autofocus
        maxLength={LONGEST_NAME}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </Ask>
  )
}

/** The views. */
export const Views = (): ReactNode => {
  const search = route.useSearch()
  const navigate = useNavigate()
  const [views, setViews] = useState(stored)
  const [saving, setSaving] = useState(false)
  const here = viewOf(views, search)
  const filtered = Object.keys(search).length > 0
  const put = (now: typeof views) => {
    if (!store(now)) throw new CallFailed("not_kept", 0, "This browser keeps nothing of this page.")
    setViews(now)
  }
  useActions([
    ...(filtered && here === undefined ? [{ label: "Keep this view of runs", run: () => setSaving(true) }] : []),
    ...views.map(({ name, search }) => ({
      label: `Runs: ${name}`,
      run: () => void navigate({ to: "/runs", search }),
    })),
  ])
  return (
    <>
      {views.length === 0 ? null : (
        <select
          className="filter"
          aria-label="Views"
          value={here?.name ?? ""}
          onChange={({ target: { value } }) => {
            const chosen = views.find(({ name }) => name === value)
            if (chosen !== undefined) void navigate({ to: "/runs", search: chosen.search })
          }}
        >
          <option value="" disabled hidden>Views</option>
          {views.map(({ name }) => <option key={name} value={name}>{name}</option>)}
        </select>
      )}
      {here !== undefined
        ? (
          <button type="button" className="link-button" onClick={() => put(withoutView(views, here.name))}>
            Forget this view
          </button>
        )
        : filtered && views.length < MOST_VIEWS
        ? <button type="button" className={styles.chip} onClick={() => setSaving(true)}>Keep this view…</button>
        : null}
      {saving
        ? <SaveForm save={(name) => put(withView(views, { name, search }))} close={() => setSaving(false)} />
        : null}
    </>
  )
}
