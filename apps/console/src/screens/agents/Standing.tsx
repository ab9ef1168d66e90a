/** What keeps an agent or a goal of it from its work: a pause that holds, and a last run that failed for good. */
import type { Hire } from "@stint/domain/hiring/Hires"
import type { HoldingPause } from "@stint/domain/scheduler/Pauses"
import type { Run } from "@stint/domain/scheduler/Runs"
import { useQuery } from "@tanstack/react-query"
import type { ReactNode } from "react"
import type { Query } from "../../api/Client.ts"
import type { StoredGoal } from "../../api/Goals.ts"
import { pausesQuery } from "../../api/Pauses.ts"
import { lastFailedQuery } from "../../api/Runs.ts"
import { type Moment, zoneOf } from "../../format/Time.ts"
import { capital, counted } from "../../format/Words.ts"
import { Instant } from "../../ui/Instant.tsx"
import { Bone } from "../../ui/States.tsx"
import { Note } from "../../ui/Note.tsx"
import { Tag } from "../../ui/Tag.tsx"
import { isAtWork, stateOf } from "./Words.ts"

/** The pause that binds an agent at work; undefined where none does. */
export const usePause = (hire: Hire): HoldingPause | undefined => {
  const { customer_id, hired_instance_id } = hire
  const pauses = useQuery({ ...pausesQuery(customer_id), enabled: isAtWork(hire) }).data?.items
  return pauses?.find(({ scope }) =>
    scope?.hired_instance_id === undefined || scope.hired_instance_id === hired_instance_id
  )
}

/** How an agent stands, in tags: that it is paused, that goals of it failed, or its state. `among`: whose failed goals are asked for. */
export const Standing = ({ among, hire }: { readonly hire: Hire; readonly among: Query }): ReactNode => {
  const { customer_id, hired_instance_id } = hire
  const works = isAtWork(hire)
  const pauses = useQuery({ ...pausesQuery(customer_id), enabled: works })
  const pause = usePause(hire)
  const runs = useQuery({ ...lastFailedQuery(among), enabled: works })
  if (works && (pauses.isPending || runs.isPending)) return <Bone width={56} height={20} />
  // of a goal that was switched off nobody waits for a run
  const failed =
    (runs.data ?? []).filter(({ enabled, run }) => enabled && run.hired_instance_id === hired_instance_id).length
  const { kind, words } = stateOf(hire)
  return (
    <>
      {failed === 0 ? null : <Tag kind="bad">{counted(failed, "goal")} failed</Tag>}
      {pause !== undefined ? <Tag kind="wait">paused</Tag> : failed > 0 ? null : <Tag kind={kind}>{words}</Tag>}
    </>
  )
}

/** How a goal stands, in tags: that its last run failed for good, and whether it is on. */
export const GoalTags = ({ failed, goal: { enabled, frequency }, paused }: {
  readonly goal: StoredGoal
  readonly failed: boolean
  readonly paused: boolean
}): ReactNode => (
  <>
    {failed ? <Tag kind="bad">failed</Tag> : null}
    {!enabled
      ? <Tag>off</Tag>
      : paused
      ? <Tag kind="wait">paused</Tag>
      : frequency === "on_demand"
      ? <Tag>on demand</Tag>
      : <Tag kind="ok">on</Tag>}
  </>
)

const scopeWords = ({ scope }: HoldingPause): string =>
  scope === null ? "everything" : scope.customer_id === undefined ? "this agent" : "all your agents"

/** That no run begins, since when and why. */
export const PauseNote = ({ pause, zone }: { readonly pause: HoldingPause; readonly zone: string }): ReactNode => (
  <Note kind="wait" word="paused">
    {capital(pause.paused_by)} paused {scopeWords(pause)} on <Instant at={pause.paused_at} zone={zone} />
    {pause.reason === null ? "." : `: ${pause.reason.replace(/\.$/, "")}.`}{" "}
    <span className="dim">No run begins until that ends; what falls due meanwhile waits.</span>
  </Note>
)

/** When the last attempt of a run failed. */
export const failedAt = ({ attempts, scheduled_time }: Run): Moment => attempts.at(-1)?.ended_at ?? scheduled_time

/** Why a run failed, in the words of its last attempt, without the full stop. */
export const failureOfRun = ({ attempts, reason }: Run): string =>
  (attempts.at(-1)?.error_details?.message ?? reason ?? "no reason was kept").replace(/\.$/, "")

/** That the last run of a goal failed for good, when and why, and what follows. */
export const FailedNote = ({ hire, run, to }: {
  readonly hire: Hire
  readonly run: Run
  readonly to?: ReactNode
}): ReactNode => (
  <Note kind="bad" word="failed" to={to}>
    Its last run failed for good on <Instant at={failedAt(run)} zone={zoneOf(hire.config)} />: {failureOfRun(run)}.{" "}
    <span className="dim">
      It is not tried again by itself. An operator sees it, and can run it again once its cause is mended.
    </span>
  </Note>
)
