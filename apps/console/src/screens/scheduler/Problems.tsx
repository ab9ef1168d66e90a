/** What keeps the scheduler from being healthy now: which part, how, since when, and who says so. */
import type { HealthProblem } from "@stint/domain/scheduler/Health"
import type { ReactNode } from "react"
import { ownZone } from "../../format/Time.ts"
import { Ago } from "../../ui/Instant.tsx"
import { Tag } from "../../ui/Tag.tsx"
import styles from "./scheduler.module.css"

/** The problems; nothing where there are none. */
export const Problems = ({ problems }: { readonly problems: ReadonlyArray<typeof HealthProblem.Type> }): ReactNode =>
  problems.length === 0 ? null : (
    <ul className={`card ${styles.problems}`}>
      {problems.map(({ because, detail, how, part, seen_by, since }) => (
        <li key={`${part} ${how} ${seen_by ?? ""}`}>
          <span>
            <b>{part}</b> <Tag kind={how === "late" ? "wait" : "bad"}>{how.replaceAll("_", " ")}</Tag>
          </span>
          <span>{detail}</span>
          <span className="dim">
            since <Ago at={since} zone={ownZone} />
            {seen_by === undefined ? null : `, seen by ${seen_by}`}
            {because === undefined ? null : `, because of ${because}`}
          </span>
        </li>
      ))}
    </ul>
  )
