/** Publishes a version: the definition as JSON, checked by the contract's own schema, and what differs from the latest one. */
import { Button, Textarea } from "@mantine/core"
import { AgentTypeDefinition } from "@stint/domain/Definition"
import { issuesUnder } from "@stint/domain/FieldIssues"
import type { FieldIssue } from "@stint/domain/Problem"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { getRouteApi } from "@tanstack/react-router"
import { type ReactNode, useMemo, useState } from "react"
import { agentTypeQuery } from "../../api/Catalog.ts"
import { publish } from "../../api/Versions.ts"
import { useActions } from "../../shell/Actions.ts"
import { useIsOperator } from "../../shell/Role.ts"
import { Refused } from "../../ui/Ask.tsx"
import { Page } from "../../ui/Page.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { Table } from "../../ui/Table.tsx"
import { toast } from "../../ui/Toasts.tsx"
import { Breaks } from "./Breaks.tsx"
import { definitionOf, pretty } from "./Definition.ts"
import { differ } from "./Diff.ts"
import { MakerNotes } from "./MakerNotes.tsx"
import styles from "./types.module.css"

const route = getRouteApi("/app/types/publish")

/** The next minor version: what most changes are. */
const nextOf = (version: string): string => {
  const [major = "1", minor = "0"] = version.split(/[.+-]/)
  return `${major}.${Number(minor) + 1}.0`
}

/** A definition to begin with, where there is none. */
const blank = {
  agent_type_id: "example.agent.v1",
  version: "1.0.0",
  config_schema: { fields: [{ key: "nickname", label: "Nickname", type: "text", required: true }] },
  goal_templates: [{
    goal_template_id: "example.report.v1",
    name: "Report",
    default_frequency: "weekly",
    settings_schema: { fields: [] },
    skill_binding: "report",
  }],
  enforcement_defaults: { approval_required: true, deterministic: false },
}

type Checked = { readonly value: unknown; readonly faults: ReadonlyArray<FieldIssue> }

const issuesOf = issuesUnder(AgentTypeDefinition)

/** A text as a definition: its faults by their JSON path, those of JSON itself at `$`. */
const check = (text: string): Checked => {
  try {
    const value: unknown = JSON.parse(text)
    return { value, faults: issuesOf(value) }
  } catch (error) {
    return {
      value: undefined,
      faults: [{ path: "$", message: error instanceof Error ? error.message : String(error) }],
    }
  }
}

const Editor = ({ before }: { readonly before: unknown }): ReactNode => {
  const client = useQueryClient()
  const navigate = route.useNavigate()
  const [text, setText] = useState(() =>
    pretty(
      before === undefined ? blank : { ...before, version: nextOf((before as { readonly version: string }).version) },
    )
  )
  const { faults, value } = useMemo(() => check(text), [text])
  const changes = before === undefined || value === undefined ? [] : differ(before, value)
  const send = useMutation({
    mutationFn: () => publish(value),
    onSuccess: async ({ agent_type_id, version }) => {
      toast("ok", `Version ${version} is published.`)
      await client.invalidateQueries({ queryKey: ["catalog"] })
      await navigate({ to: "/types/$type", params: { type: agent_type_id }, search: { version } })
    },
  })
  const go = () => {
    if (faults.length === 0 && !send.isPending) send.mutate()
  }
  useActions([{ label: "Publish this definition", run: go }])
  return (
    <div className={styles.editor}>
      <Textarea
        className="code-field"
        label="Definition, as JSON"
        description="A version is published once and never changes. Hires stay on the version that they have."
        autosize={false}
        rows={28}
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <div className={styles.side}>
        <div className={styles.line}>
          <Button disabled={faults.length > 0} loading={send.isPending} onClick={go}>Publish</Button>
          <span className="dim" role="status">
            {faults.length === 0 ? "No faults." : `${faults.length} to correct`}
          </span>
        </div>
        {send.isError ? <Refused error={send.error} /> : null}
        {faults.length === 0 ? null : (
          <ul className={styles.faults}>
            {faults.map(({ message, path }) => (
              <li key={`${path} ${message}`}>
                <code>{path}</code> {message}
              </li>
            ))}
          </ul>
        )}
        <MakerNotes
          definition={value}
          follows="You can publish it: until that is mended each run of it fails for good."
        />
        {before === undefined || faults.length > 0
          ? null
          : <Breaks type={(before as AgentTypeDefinition).agent_type_id} definition={value} text={text} />}
        {changes.length === 0 ? null : (
          <Table
            label="What differs from the latest version"
            columns={[{ label: "Differs from the latest" }, { label: "How" }]}
            rows={changes.map(({ after, before, path }) => ({
              key: path,
              cells: [
                <code key="path">{path}</code>,
                before === undefined ? "added" : after === undefined ? "removed" : "changed",
              ],
            }))}
          />
        )}
      </div>
    </div>
  )
}

/** The screen. */
export const Publish = (): ReactNode => {
  const { from } = route.useSearch()
  const query = useQuery({ ...agentTypeQuery(from ?? ""), enabled: from !== undefined })
  const operator = useIsOperator()
  if (!operator) {
    return (
      <Page title="Publish">
        <Empty title="Operators publish agent types">
          <p>You can read them.</p>
        </Empty>
      </Page>
    )
  }
  return (
    <Page title={from === undefined ? "Publish an agent type" : `New version of ${from}`}>
      {from === undefined ? <Editor before={undefined} /> : (
        <Loaded of={query} skeleton={<Bone height={480} />}>
          {(type) => <Editor before={definitionOf(type)} />}
        </Loaded>
      )}
    </Page>
  )
}
