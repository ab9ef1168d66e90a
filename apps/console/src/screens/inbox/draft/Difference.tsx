/** How two revisions of a draft differ: the words within a text, and the values that are others. */
import type { Change } from "@stint/domain/deliverables/Revisions"
import type { DraftPayload } from "@stint/domain/Payload"
import { useQuery } from "@tanstack/react-query"
import { Fragment, type ReactNode } from "react"
import { diffQuery } from "../../../api/Revisions.ts"
import { counted } from "../../../format/Words.ts"
import { Bone, Loaded } from "../../../ui/States.tsx"
import styles from "./draft.module.css"
import { partOf, placeOf } from "./Places.ts"

/** A value as a person reads it. */
const shown = (value: unknown): string =>
  typeof value === "string"
    ? value
    : Array.isArray(value)
    ? value.map(shown).join(", ")
    : typeof value === "object"
    ? JSON.stringify(value, null, 2)
    : String(value)

const Removed = ({ children }: { readonly children: ReactNode }): ReactNode => (
  <del className={styles.removed}>
    <span className="visually-hidden">removed:</span>
    {children}
  </del>
)

const Added = ({ children }: { readonly children: ReactNode }): ReactNode => (
  <ins className={styles.added}>
    <span className="visually-hidden">added:</span>
    {children}
  </ins>
)

const Values = ({ change: { after, before, words } }: { readonly change: Change }): ReactNode =>
  words === undefined
    ? (
      <>
        {before === undefined ? null : <Removed>{shown(before)}</Removed>}
        {before === undefined || after === undefined ? null : " "}
        {after === undefined ? null : <Added>{shown(after)}</Added>}
      </>
    )
    : words.map(({ kind, text }, index) =>
      kind === "same"
        ? <Fragment key={index}>{text}</Fragment>
        : kind === "added"
        ? <Added key={index}>{text}</Added>
        : <Removed key={index}>{text}</Removed>
    )

/** What changed from one revision to another. `payload` is that of the later one. */
export const Difference = ({ from, id, payload, to }: {
  readonly id: string
  readonly from: number
  readonly to: number
  readonly payload: DraftPayload
}): ReactNode => (
  <Loaded of={useQuery(diffQuery(id, from, to))} skeleton={<Bone height={84} />}>
    {({ changes, omitted = 0 }) => (
      <div className={styles.difference} role="group" aria-label={`From revision ${from} to ${to}`}>
        {changes.length === 0 ? <p className="dim">They say the same.</p> : null}
        {changes.map((change) => (
          <div key={JSON.stringify(change.path)}>
            <p className={styles.place}>
              {placeOf(change, payload)}{" "}
              {partOf(change) === undefined ? null : <span className="dim">{partOf(change)}</span>}
            </p>
            <p className={styles.words}>
              <Values change={change} />
            </p>
          </div>
        ))}
        {omitted === 0 ? null : <p className="dim">{counted(omitted, "more change")}</p>}
      </div>
    )}
  </Loaded>
)
