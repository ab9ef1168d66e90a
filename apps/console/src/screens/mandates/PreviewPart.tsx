/** What a mandate would have covered of the past drafts, and what stopped the others. */
import type { MandatePreview } from "@stint/domain/deliverables/Mandates"
import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { counted } from "../../format/Words.ts"
import styles from "./mandates.module.css"
import { type Written } from "./Suggest.ts"
import { operationWords } from "./Words.ts"

/** How many of those that were stopped are shown. */
const SHOWN = 20

const whyOf = ({ rule, why }: MandatePreview["others"][number], rules: ReadonlyArray<Written>): string => {
  if (why === "validation_errors") return "it could not be approved at all"
  if (why === "template_forbids") return "its template wants people"
  const stopped = rule === null ? undefined : rules[rule]
  return stopped === undefined
    ? "a rule"
    : `${stopped.path} ${operationWords[stopped.op]} ${stopped.value.split("\n").join(", ")}`
}

/** The part of the screen; `rules` are those that were sent. */
export const PreviewPart = ({ preview: { covered, others }, rules }: {
  readonly preview: MandatePreview
  readonly rules: ReadonlyArray<Written>
}): ReactNode => {
  const all = covered.length + others.length
  return (
    <section className={`card ${styles.preview}`} role="status" aria-label="Preview">
      <h2 className="section-title">
        {all === 0
          ? "There is no draft yet by which it could be judged"
          : `Of ${counted(all, "past draft")} it would have signed ${covered.length}`}
      </h2>
      {others.length === 0 ? null : (
        <ul className={styles.rules}>
          {others.slice(0, SHOWN).map((other) => (
            <li key={other.deliverable_id}>
              <Link to="/inbox/$deliverable" params={{ deliverable: other.deliverable_id }}>
                {other.deliverable_id}
              </Link>{" "}
              asks you: {whyOf(other, rules)}
              {other.path === null ? null : (
                <>
                  , at <code>{other.path}</code>
                </>
              )}
            </li>
          ))}
          {others.length > SHOWN ? <li>and {others.length - SHOWN} more</li> : null}
        </ul>
      )}
    </section>
  )
}
