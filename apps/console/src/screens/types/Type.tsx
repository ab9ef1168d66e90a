/** One agent type: a version's fields and goals, its JSON, and what differs from another version. */
import { Button } from "@mantine/core"
import type { AgentType } from "@stint/domain/catalog/AgentTypes"
import { useQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { versionsQuery } from "../../api/Versions.ts"
import { ownZone } from "../../format/Time.ts"
import { titled } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { Instant } from "../../ui/Instant.tsx"
import { Page } from "../../ui/Page.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { Table } from "../../ui/Table.tsx"
import { definitionOf, pretty } from "./Definition.ts"
import { differ } from "./Diff.ts"
import { Fields } from "./Fields.tsx"
import { MakerNotes } from "./MakerNotes.tsx"
import { MigrateForm } from "./MigrateForm.tsx"
import type { View } from "./Routes.ts"
import styles from "./types.module.css"

const route = getRouteApi("/app/types/$type")

const labels: Readonly<Record<View, string>> = { fields: "Fields and goals", json: "JSON", diff: "Diff" }

const Chooser = ({ label, set, value, versions }: {
  readonly label: string
  readonly versions: ReadonlyArray<AgentType>
  readonly value: string
  readonly set: (version: string) => void
}): ReactNode => (
  <label className={styles.chooser}>
    <span className="dim">{label}</span>
    <select className="filter" value={value} onChange={(event) => set(event.target.value)}>
      {versions.map(({ version }) => <option key={version} value={version}>{version}</option>)}
    </select>
  </label>
)

const shownValue = (value: unknown): ReactNode =>
  value === undefined
    ? <span className="faint">absent</span>
    : <code>{typeof value === "string" ? value : pretty(value)}</code>

const Differences = ({ after, before }: { readonly before: AgentType; readonly after: AgentType }): ReactNode => {
  const found = differ(definitionOf(before), definitionOf(after)).filter(({ path }) => path !== "$.version")
  if (found.length === 0) {
    return (
      <Empty title="They do not differ">
        <p>Only the version's number does.</p>
      </Empty>
    )
  }
  return (
    <div className={styles.diff}>
      <Table
        label={`What differs from ${before.version} to ${after.version}`}
        columns={[{ label: "Path" }, { label: before.version }, { label: `${after.version} (shown)` }]}
        rows={found.map(({ after, before, path }) => ({
          key: path,
          cells: [
            <code key="path">{path}</code>,
            <span key="before" className={before === undefined ? undefined : styles.del}>{shownValue(before)}</span>,
            <span key="after" className={after === undefined ? undefined : styles.add}>{shownValue(after)}</span>,
          ],
        }))}
      />
    </div>
  )
}

const Version = ({ versions }: { readonly versions: ReadonlyArray<AgentType> }): ReactNode => {
  const { from, version, view = "fields" } = route.useSearch()
  const navigate = route.useNavigate()
  const shown = versions.find((one) => one.version === version) ?? (version === undefined ? versions[0] : undefined)
  if (shown === undefined) {
    return (
      <Empty title={`There is no version ${version}`}>
        <Link to="." search={{}}>To the latest</Link>
      </Empty>
    )
  }
  const before = versions.find((one) => one.version === from) ?? versions[versions.indexOf(shown) + 1] ??
    versions.find((one) => one !== shown)
  return (
    <>
      <div className={styles.line}>
        <Chooser
          label="Version"
          versions={versions}
          value={shown.version}
          set={(version) => void navigate({ search: (was) => ({ ...was, version }) })}
        />
        {view === "diff" && before !== undefined
          ? (
            <Chooser
              label="against"
              versions={versions.filter((one) => one !== shown)}
              value={before.version}
              set={(from) => void navigate({ search: (was) => ({ ...was, from }) })}
            />
          )
          : null}
        <span className="dim">
          published <Instant at={shown.created_at} zone={ownZone} as="exact" />
        </span>
      </div>
      <MakerNotes
        definition={shown}
        follows="Until then each run of it fails for good, and waits under Dead letters."
      />
      {view === "fields" ? <Fields type={shown} /> : null}
      {view === "json"
        ? <pre className="code" tabIndex={0} style={{ maxHeight: "none" }}>{pretty(definitionOf(shown))}</pre>
        : null}
      {view === "diff"
        ? before === undefined
          ? (
            <Empty title="There is one version alone">
              <p>A second one can be compared with it.</p>
            </Empty>
          )
          : <Differences before={before} after={shown} />
        : null}
    </>
  )
}

/** The screen of a type. */
export const TypeScreen = (): ReactNode => {
  const { type } = route.useParams()
  const { version, view = "fields" } = route.useSearch()
  const query = useQuery(versionsQuery(type))
  const operator = useIsOperator()
  const navigate = route.useNavigate()
  const publish = () => void navigate({ to: "/types/publish", search: { from: type } })
  const [moving, setMoving] = useState(false)
  // of one version alone nobody can be moved anywhere
  const versions = query.data ?? []
  const moveTo = versions.length > 1 ? version ?? versions[0]?.version : undefined
  useActions(
    operator
      ? [
        { label: "Publish a new version", keys: "p", run: publish },
        ...(moveTo === undefined ? [] : [{ label: `Move agents to ${moveTo}`, run: () => setMoving(true) }]),
      ]
      : [],
  )
  return (
    <Page
      title={titled(type)}
      beside={<span className="mono dim ellipsis">{type}</span>}
      actions={
        <>
          <nav className="tabs" aria-label="Views">
            {(Object.keys(labels) as Array<View>).map((one) => (
              <Link
                key={one}
                to="/types/$type"
                params={{ type }}
                search={({ view: _, ...was }) => ({ ...was, ...(one === "fields" ? {} : { view: one }) })}
                aria-current={one === view ? "page" : undefined}
                activeProps={{}}
                activeOptions={{ exact: true }}
              >
                {labels[one]}
              </Link>
            ))}
          </nav>
          {operator && moveTo !== undefined
            ? <Button size="xs" variant="default" onClick={() => setMoving(true)}>Move agents…</Button>
            : null}
          {operator ? <Button size="xs" onClick={publish}>New version…</Button> : null}
        </>
      }
    >
      <div className="wide-column">
        <Loaded
          of={query}
          skeleton={
            <>
              <Bone height={28} width={240} />
              <Bone height={320} />
            </>
          }
        >
          {(versions) => <Version versions={versions} />}
        </Loaded>
      </div>
      {moving && moveTo !== undefined
        ? <MigrateForm type={type} version={moveTo} close={() => setMoving(false)} />
        : null}
    </Page>
  )
}
