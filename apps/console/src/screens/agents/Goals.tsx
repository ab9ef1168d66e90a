/** The goals of an agent: what each does, its rule in words, and when it runs next. */
import { Button } from "@mantine/core"
import type { Goal } from "@stint/domain/hiring/Goals"
import type { Hire } from "@stint/domain/hiring/Hires"
import type { Run } from "@stint/domain/scheduler/Runs"
import { useQuery } from "@tanstack/react-query"
import { Link, useNavigate } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { agentTypeQuery } from "../../api/Catalog.ts"
import { goalsQuery } from "../../api/Goals.ts"
import { goalPreviewQuery } from "../../api/Answers.ts"
import { lastFailedQuery } from "../../api/Runs.ts"
import { zoneOf } from "../../format/Time.ts"
import { titled } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { Instant } from "../../ui/Instant.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import styles from "./agents.module.css"
import { failedAt, failureOfRun, GoalTags, usePause } from "./Standing.tsx"

/** How many goals are shown at first: each asks for its next run. */
const SHOWN = 20

const Line = ({ failed, goal, name, paused, zone }: {
  readonly goal: typeof Goal.json.Type
  /** Its last run, where that failed for good. */
  readonly failed: Run | undefined
  readonly paused: boolean
  readonly name: string
  readonly zone: string
}): ReactNode => {
  const { frequency, goal_instance_id, hired_instance_id } = goal
  const preview = useQuery(goalPreviewQuery(goal_instance_id, 1)).data
  const next = preview?.items[0]
  return (
    <Link
      to="/agents/$hire/goals/$goal"
      params={{ hire: hired_instance_id, goal: goal_instance_id }}
      className={styles.row}
    >
      <b className="ellipsis">{name}</b>
      <span className={styles.tags}>
        <GoalTags goal={goal} failed={failed !== undefined} paused={paused} />
      </span>
      <span className="dim ellipsis">{preview?.rule_in_words ?? titled(frequency)}</span>
      <span className="dim">
        {next === undefined || preview?.will_run !== true ? null : (
          <>
            next <Instant at={next.starts_at} zone={zone} />
          </>
        )}
      </span>
      {failed === undefined ? null : (
        <span className={styles.failed}>
          Failed for good on <Instant at={failedAt(failed)} zone={zone} />: {failureOfRun(failed)}
        </span>
      )}
    </Link>
  )
}

/** The goals. */
export const Goals = ({ hire }: { readonly hire: Hire }): ReactNode => {
  const { active, agent_id, definition_version, hired_instance_id } = hire
  const [all, setAll] = useState(false)
  const navigate = useNavigate()
  const query = useQuery(goalsQuery(hired_instance_id))
  const failed = useQuery(lastFailedQuery({ hired_instance_id })).data
  const paused = usePause(hire) !== undefined
  const type = useQuery(agentTypeQuery(agent_id, definition_version)).data
  const set = () => void navigate({ to: "/agents/$hire/goals/new", params: { hire: hired_instance_id } })
  useActions(active ? [{ label: "Set a goal", keys: "c", run: set }] : [])
  const nameOf = (template: string) =>
    type?.goal_templates.find(({ goal_template_id }) => goal_template_id === template)?.name ?? titled(template)
  return (
    <Loaded
      of={query}
      skeleton={
        <div className="column">
          <Bone height={200} />
        </div>
      }
    >
      {(goals) =>
        goals.length === 0
          ? (
            <Empty title="It has nothing to do yet">
              <p>A goal says what it drafts, and when.</p>
              {active ? <Button onClick={set}>Set a goal</Button> : null}
            </Empty>
          )
          : (
            <div className="column">
              <div className={styles.list}>
                {goals.slice(0, all ? undefined : SHOWN).map((goal) => (
                  <Line
                    key={goal.goal_instance_id}
                    goal={goal}
                    failed={failed?.find(({ run }) => run.goal_instance_id === goal.goal_instance_id)?.run}
                    paused={paused}
                    name={nameOf(goal.goal_template_id)}
                    zone={zoneOf(hire.config)}
                  />
                ))}
              </div>
              <div className={styles.danger}>
                {active ? <Button onClick={set}>Set a goal</Button> : null}
                {goals.length > SHOWN && !all
                  ? <Button variant="default" onClick={() => setAll(true)}>All {goals.length} goals</Button>
                  : null}
              </div>
            </div>
          )}
    </Loaded>
  )
}
