/** Whom a definition that is being written would break, before it is published. */
import type { Break } from "@stint/domain/hiring/DefinitionsInUse"
import { useQuery } from "@tanstack/react-query"
import { type ReactNode, useEffect, useState } from "react"
import { failureOf } from "../../api/Client.ts"
import { type Checked, checkQuery } from "../../api/InUse.ts"
import { counted } from "../../format/Words.ts"
import { Id } from "../../ui/Id.tsx"
import { Table } from "../../ui/Table.tsx"
import { Tag } from "../../ui/Tag.tsx"

/** How long nobody has to type before hires are checked, in milliseconds. */
const REST_MS = 500

/** A text once it has rested. */
const useRested = (text: string): string => {
  const [rested, setRested] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setRested(text), REST_MS)
    return () => clearTimeout(timer)
  }, [text])
  return rested
}

/** The faults of hires and goals, a row each. */
export const BreakRows = ({ breaks, label }: {
  readonly label: string
  readonly breaks: ReadonlyArray<Pick<Break, "errors" | "hired_instance_id"> & { readonly goal_instance_id?: string }>
}): ReactNode => (
  <Table
    label={label}
    columns={[{ label: "Agent or goal" }, { label: "Where" }, { label: "What" }]}
    rows={breaks.flatMap(({ errors, goal_instance_id, hired_instance_id }) =>
      errors.map(({ message, path }) => ({
        key: `${goal_instance_id ?? hired_instance_id} ${path} ${message}`,
        cells: [<Id key="id" id={goal_instance_id ?? hired_instance_id} />, <code key="path">{path}</code>, message],
      }))
    )}
  />
)

const Found = ({ checked: { breaks, holds, more, unreadable } }: { readonly checked: Checked }): ReactNode => {
  const broken = new Set(breaks.map(({ hired_instance_id }) => hired_instance_id)).size
  return (
    <>
      <p role="status">
        <Tag kind={broken > 0 ? "bad" : "ok"}>
          {broken > 0 ? `would break ${counted(broken, "agent")}` : "breaks nobody"}
        </Tag>{" "}
        <span className="dim">
          {counted(holds, "agent")} would hold
          {unreadable > 0 ? `, ${unreadable} can't be read` : ""}
          {more ? "; there are more, which were not looked at" : ""}
        </span>
      </p>
      {breaks.length === 0 ? null : <BreakRows label="Whom it would break" breaks={breaks} />}
    </>
  )
}

/** What the definition of `text` would break. */
export const Breaks = ({ definition, text, type }: {
  readonly type: string
  readonly definition: unknown
  readonly text: string
}): ReactNode => {
  const rested = useRested(text)
  const query = useQuery({ ...checkQuery(type, definition, rested), enabled: rested === text })
  if (query.isError) {
    return <p className="dim" role="status">Agents were not checked: {failureOf(query.error).message}</p>
  }
  return query.data === undefined || rested !== text
    ? <p className="dim" aria-busy="true">Looking whom it would break…</p>
    : <Found checked={query.data} />
}
