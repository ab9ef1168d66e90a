/** Why a goal ran, or did not: the answer in a sentence, the facts in order of time, and the next step. */
import type { Explanation } from "@stint/domain/scheduler/Answers"
import { keepPreviousData, useQuery } from "@tanstack/react-query"
import { getRouteApi, Link } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { explanationQuery, goalPreviewQuery } from "../../api/Answers.ts"
import { instantIn, localIn } from "../../format/Local.ts"
import { millisOf, type Moment } from "../../format/Time.ts"
import { useActions } from "../../shell/Actions.ts"
import { Id } from "../../ui/Id.tsx"
import { Instant } from "../../ui/Instant.tsx"
import { Page } from "../../ui/Page.tsx"
import { Bone, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { GoalLink } from "../goals/GoalName.tsx"
import { factsOf, verdicts } from "./Facts.ts"
import { NextStep } from "./NextStep.tsx"
import styles from "./why.module.css"

const route = getRouteApi("/app/goals/$goal/why")

const iso = (moment: Moment): string => new Date(millisOf(moment)).toISOString()

const Facts = ({ explanation, zone }: { readonly explanation: Explanation; readonly zone: string }): ReactNode => (
  <section>
    <div className="section-head">
      <h2>What happened, in order of time</h2>
    </div>
    <ol className={`card ${styles.facts}`}>
      {factsOf(explanation).map(({ at, kind, source, words }, index) => (
        <li key={index} className={styles.fact} data-kind={kind}>
          <span className={styles.when}>
            <Instant at={at} zone={zone} as="exact" />
          </span>
          <span className={styles.words}>{words}</span>
          <span className={styles.source}>{source}</span>
        </li>
      ))}
    </ol>
  </section>
)

const Answer = ({ explanation, zone }: { readonly explanation: Explanation; readonly zone: string }): ReactNode => {
  const { because, reason_code, sentence, verdict } = explanation
  return (
    <>
      <section className={styles.answer} aria-live="polite">
        <p>
          <Tag kind={verdicts[verdict].kind}>{verdicts[verdict].words}</Tag>
          {reason_code === null || reason_code === verdict
            ? null
            : <span className="faint mono">{` ${reason_code}`}</span>}
        </p>
        <h2 className={styles.sentence}>{sentence}</h2>
        {because.length === 0 ? null : (
          <ul className={styles.because}>
            {because.map((reason) => <li key={reason}>{reason}</li>)}
          </ul>
        )}
        <div className={styles.step}>
          <NextStep explanation={explanation} />
        </div>
      </section>
      <Facts explanation={explanation} zone={zone} />
    </>
  )
}

/** The screen of an answer. */
export const Why = (): ReactNode => {
  const { goal } = route.useParams()
  const { at } = route.useSearch()
  const navigate = route.useNavigate()
  const [opened] = useState(() => new Date())
  const asked = at === undefined ? opened : new Date(at)
  const query = useQuery({ ...explanationQuery(goal, asked), placeholderData: keepPreviousData })
  const preview = useQuery(goalPreviewQuery(goal, 1)).data
  const zone = preview?.timezone ?? "UTC"
  const shown = query.data
  const ask = (moment: Moment | null | undefined) => {
    if (moment != null) void navigate({ search: { at: iso(moment) } })
  }
  useActions([
    { label: "The slot before", keys: "k", run: () => ask(shown?.previous_slot) },
    { label: "The next slot", keys: "j", run: () => ask(shown?.next_slot) },
    { label: "All runs of this goal", run: () => void navigate({ to: "/runs", search: { goal } }) },
  ])
  return (
    <Page
      title="Why"
      beside={
        <>
          {shown?.run == null ? null : <GoalLink goal={goal} hire={shown.run.hired_instance_id} />}
          <span className="dim">{preview?.rule_in_words}</span>
        </>
      }
      actions={<Link className="dim" to="/runs" search={{ goal }}>Runs of this goal</Link>}
    >
      <div className="column">
        <div className={styles.ask}>
          <label>
            <span className="dim">Asked about, {zone}</span>
            <input
              className="field-input"
              key={`${at ?? "now"} ${zone}`}
              type="datetime-local"
              step="1"
              defaultValue={localIn(asked, zone)}
              onBlur={({ target: { value } }) => value !== "" && ask(instantIn(value, zone))}
              onKeyDown={(event) =>
                event.key === "Enter" && event.currentTarget.value !== "" &&
                ask(instantIn(event.currentTarget.value, zone))}
            />
          </label>
          <div className={styles.around}>
            {shown?.previous_slot == null
              ? null
              : <Link to="." search={{ at: iso(shown.previous_slot) }}>‹ Slot before</Link>}
            <Link to="." search={{}}>Now</Link>
            {shown?.next_slot == null ? null : <Link to="." search={{ at: iso(shown.next_slot) }}>Next slot ›</Link>}
          </div>
        </div>
        <Loaded
          of={query}
          skeleton={
            <>
              <Bone height={32} width="80%" />
              <Bone height={220} />
            </>
          }
        >
          {(explanation) => <Answer explanation={explanation} zone={zone} />}
        </Loaded>
        <p className="faint">
          Goal <Id id={goal} whole />
        </p>
      </div>
    </Page>
  )
}
