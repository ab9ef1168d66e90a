/** One goal: its rule, its next fires, running it now, switching it off, and its runs. */
import { Button } from "@mantine/core"
import type { AgentType } from "@stint/domain/catalog/AgentTypes"
import { findTemplate } from "@stint/domain/Definition"
import type { Goal as GoalModel } from "@stint/domain/hiring/Goals"
import type { Hire } from "@stint/domain/hiring/Hires"
import type { Run } from "@stint/domain/scheduler/Runs"
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"
import { agentTypeQuery } from "../../api/Catalog.ts"
import { failureOf } from "../../api/Client.ts"
import { deleteGoal, goalsQuery, putGoal, runGoal } from "../../api/Goals.ts"
import { hireQuery } from "../../api/Hires.ts"
import { goalPreviewQuery } from "../../api/Answers.ts"
import { lastFailedQuery } from "../../api/Runs.ts"
import { millisOf, type Moment, zoneOf } from "../../format/Time.ts"
import { hireName, titled } from "../../format/Words.ts"
import { useActions } from "../../shell/Actions.ts"
import { Confirm } from "../../ui/Confirm.tsx"
import { useNow } from "../../ui/Now.ts"
import { Page } from "../../ui/Page.tsx"
import { Bone, Empty, Loaded } from "../../ui/States.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { toast } from "../../ui/Toasts.tsx"
import { FailedNote, GoalTags, PauseNote, usePause } from "../agents/Standing.tsx"
import { Editor } from "./Editor.tsx"
import styles from "./goals.module.css"
import { JustRun } from "./JustRun.tsx"
import { Runs } from "./Runs.tsx"

type StoredGoal = typeof GoalModel.json.Type

const route = getRouteApi("/app/agents/$hire/goals/$goal")

/** How long after its making the scheduler is asked about a goal, in milliseconds. */
const HEARD_MS = 5_000

const schedulerWords = {
  running: "It is queued and runs now.",
  paused: "It is queued. The scheduler is paused: it runs when that ends.",
  unknown: "It is queued.",
}

const useGoalActions = (
  { enabled, frequency, goal_instance_id, goal_template_id, hired_instance_id, settings }: StoredGoal,
  asked: (slot: Moment) => void,
) => {
  const client = useQueryClient()
  const refresh = () => {
    for (const topic of ["goals", "scheduler", "runs"]) void client.invalidateQueries({ queryKey: [topic] })
  }
  const onError = (error: unknown) => toast("bad", failureOf(error).message)
  const run = useMutation({
    mutationFn: () => runGoal(hired_instance_id, goal_instance_id),
    onSuccess: ({ scheduled_time, scheduler }) => {
      toast("ok", schedulerWords[scheduler])
      asked(scheduled_time)
      refresh()
    },
    onError,
  })
  const toggle = useMutation({
    mutationFn: () =>
      putGoal(hired_instance_id, { goal_instance_id, goal_template_id, frequency, settings, enabled: !enabled }),
    onSuccess: (now) => {
      toast("ok", now.enabled ? "It is on again." : "It is off: nothing of it runs until you switch it on.")
      refresh()
    },
    onError,
  })
  const forget = () =>
    client.setQueryData(
      goalsQuery(hired_instance_id).queryKey,
      (goals) => goals?.filter((one) => one.goal_instance_id !== goal_instance_id),
    )
  return { run, toggle, refresh, forget }
}

const Head = ({ asked, goal, hire, name }: {
  readonly goal: StoredGoal
  readonly hire: Hire
  readonly name: string
  /** A run was asked for, at this slot. */
  readonly asked: (slot: Moment) => void
}): ReactNode => {
  const { enabled, goal_instance_id, hired_instance_id } = goal
  const { forget, refresh, run, toggle } = useGoalActions(goal, asked)
  const [deleting, setDeleting] = useState(false)
  const navigate = useNavigate()
  // the scheduler hears of a new goal a moment later
  const isHeardOf = useNow() - millisOf(goal.created_at) > HEARD_MS
  const preview = useQuery({ ...goalPreviewQuery(goal_instance_id, 1), enabled: isHeardOf && !deleting }).data
  const paused = usePause(hire) !== undefined
  const runs = hire.active && enabled
  useActions([
    ...(runs ? [{ label: "Run this goal now", keys: "n", run: () => run.mutate() }] : []),
    ...(hire.active
      ? [{ label: enabled ? "Switch this goal off" : "Switch this goal on", keys: "o", run: () => toggle.mutate() }]
      : []),
  ])
  return (
    <div className={styles.head}>
      {/* one that runs when it is asked lacks nothing: the page says that of it beside its form; of a pause a note tells */}
      {preview !== undefined && !preview.will_run && preview.reason !== null && enabled && !paused &&
          goal.frequency !== "on_demand"
        ? <Tag kind="wait">{preview.reason}</Tag>
        : null}
      {hire.active
        ? (
          <>
            <Button disabled={!runs} loading={run.isPending} onClick={() => run.mutate()}>Run now</Button>
            <Button variant="default" loading={toggle.isPending} onClick={() => toggle.mutate()}>
              {enabled ? "Switch off" : "Switch on"}
            </Button>
            <Button variant="default" onClick={() => setDeleting(true)}>Delete…</Button>
          </>
        )
        : null}
      {deleting
        ? (
          <Confirm
            title={`Delete ${name}?`}
            verb="Delete"
            close={() => setDeleting(false)}
            act={() =>
              deleteGoal(hired_instance_id, goal_instance_id).then(async () => {
                toast("ok", "It is deleted.")
                // nothing asks about it any more, also no list that was read before
                forget()
                await navigate({ to: "/agents/$hire", params: { hire: hired_instance_id }, search: { tab: "goals" } })
                refresh()
              })}
          >
            What it was to run is cancelled, and its drafts are deleted. Decisions on them stay on record. To stop it
            and keep it, switch it off.
          </Confirm>
        )
        : null}
    </div>
  )
}

const useLastFailed = ({ goal_instance_id }: StoredGoal): Run | undefined =>
  useQuery(lastFailedQuery({ goal_instance_id })).data?.[0]?.run

const Tags = ({ goal, hire }: { readonly goal: StoredGoal; readonly hire: Hire }): ReactNode => (
  <GoalTags goal={goal} failed={useLastFailed(goal) !== undefined} paused={usePause(hire) !== undefined} />
)

/** What is to be known first: what became of the run that was asked for, a pause, and that the last run failed. */
const Notes = ({ goal, hire, slot }: {
  readonly goal: StoredGoal
  readonly hire: Hire
  /** That of the run that was asked for on this page. */
  readonly slot: Moment | undefined
}): ReactNode => {
  const pause = usePause(hire)
  const failed = useLastFailed(goal)
  const zone = zoneOf(hire.config)
  return (
    <div className="notes">
      {slot === undefined
        ? null
        : <JustRun key={millisOf(slot)} goal={goal.goal_instance_id} slot={slot} zone={zone} />}
      {pause === undefined ? null : <PauseNote pause={pause} zone={zone} />}
      {failed === undefined ? null : <FailedNote hire={hire} run={failed} />}
    </div>
  )
}

const Known = ({ goal, hire, slot, type }: {
  readonly goal: StoredGoal
  readonly hire: Hire
  readonly type: AgentType
  readonly slot: Moment | undefined
}): ReactNode => (
  <>
    <Notes goal={goal} hire={hire} slot={slot} />
    <Editor
      // another version of it, saved here or elsewhere, begins the form again
      key={JSON.stringify([goal.settings, goal.frequency])}
      hire={hire}
      type={type}
      goal={goal}
      saved={() => {}}
    />
    <Runs goal={goal.goal_instance_id} zone={zoneOf(hire.config)} />
  </>
)

/** The page of a goal. */
export const Goal = (): ReactNode => {
  const { goal: id, hire: hireId } = route.useParams()
  const [asked, setAsked] = useState<{ readonly goal: string; readonly slot: Moment }>()
  const hire = useQuery(hireQuery(hireId))
  const goals = useQuery(goalsQuery(hireId))
  const of = hire.data
  const goal = goals.data?.find(({ goal_instance_id }) => goal_instance_id === id)
  const type = useQuery({ ...agentTypeQuery(of?.agent_id ?? "", of?.definition_version), enabled: of !== undefined })
  const template = type.data === undefined || goal === undefined
    ? undefined
    : findTemplate(type.data, goal.goal_template_id)
  const name = template?.name ?? titled(goal?.goal_template_id ?? "Goal")
  return (
    <Page
      title={name}
      beside={
        <>
          {goal === undefined || of === undefined ? null : <Tags goal={goal} hire={of} />}
          <Link to="/agents/$hire" params={{ hire: hireId }} search={{ tab: "goals" }} className="dim">
            ‹ {of === undefined ? "Agent" : hireName(of)}
          </Link>
        </>
      }
      actions={goal === undefined || of === undefined
        ? null
        : <Head goal={goal} hire={of} name={name} asked={(slot) => setAsked({ goal: id, slot })} />}
    >
      <Loaded of={hire} skeleton={<Bone height={400} />}>
        {(known) => (
          <Loaded of={goals} skeleton={<Bone height={400} />}>
            {() =>
              goal === undefined
                ? <Empty title="There is no such goal" />
                : (
                  <Loaded of={type} skeleton={<Bone height={400} />}>
                    {(definition) => (
                      <Known
                        goal={goal}
                        hire={known}
                        type={definition}
                        slot={asked?.goal === id ? asked.slot : undefined}
                      />
                    )}
                  </Loaded>
                )}
          </Loaded>
        )}
      </Loaded>
    </Page>
  )
}
