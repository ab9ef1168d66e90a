/** The operator pauses the scheduler; a run waits; it goes on. */
import { guardrailReport } from "@stint/domain/agents/trading_delta_futures/Definition"
import { ActionLine } from "@stint/domain/scheduler/ActionLog"
import { Paused, Resumed } from "@stint/domain/scheduler/Pauses"
import { listOf } from "@stint/domain/Protocol"
import { DateTime } from "effect"
import { sayRefusal } from "../People.ts"
import { type Agents, type Play, until } from "../Play.ts"
import { draftOf, runNow, runsOf, setGoal } from "../Work.ts"

const Actions = listOf(ActionLine)
const reason = "the exchange is under maintenance"
const over = "maintenance is over"

/** How long the run is watched not to start, in milliseconds. */
const WATCHED_MS = 1_500

/** The scene. */
export const pausing = async (play: Play, { trading }: Agents): Promise<void> => {
  const { asha, checks, olga, show } = play
  const goal = await setGoal(asha, trading, guardrailReport, "on_demand", {})

  const paused = await olga.asks(Paused, {
    to: "scheduler",
    method: "POST",
    path: "/scheduler/pause",
    body: { reason, wait_for_completion: true, timeout_seconds: 30 },
  })
  await show.says(olga.who, `pauses the scheduler: "${reason}"`)
  const queued = await runNow(asha, goal)
  await show.says(asha.who, `asks for a report now, and is told that the scheduler is ${queued.scheduler}`)
  const trigger = await olga.sends({
    to: "scheduler",
    method: "POST",
    path: `/scheduler/trigger/${goal.goal_instance_id}`,
    body: {},
  })
  await show.says(olga.who, "triggers the goal herself")
  await show.refused("scheduler", sayRefusal(trigger))
  const runs = () => runsOf(asha, { goal_instance_id: goal.goal_instance_id })
  // it comes to the scheduler by hiring's feed
  await until(play, "The run that is to wait", 10, async () => (await runs()).length > 0 || undefined)
  const since = show.elapsed()
  await show.pause(WATCHED_MS)
  const waiting = await runs()
  await show.says(
    "scheduler",
    `${((show.elapsed() - since) / 1000).toFixed(1)} s later the run is still ${waiting[0]?.status}`,
  )
  await checks.equal(
    "pause_binds",
    { answer: "paused", running: 0, told: "paused", runs: ["pending"], attempts: [0], trigger: 409 },
    {
      answer: paused.status,
      running: paused.running_goals_after_wait,
      // it is asked for a moment only: a scheduler that is busy may be unknown
      told: queued.scheduler === "unknown" ? "paused" : queued.scheduler,
      runs: waiting.map(({ status }) => status),
      attempts: waiting.map(({ attempts }) => attempts.length),
      trigger: trigger.status,
    },
  )

  const resumed = await olga.asks(Resumed, {
    to: "scheduler",
    method: "POST",
    path: "/scheduler/resume",
    body: { reason: over },
  })
  await show.says(olga.who, `resumes it: "${over}"`)
  const { draft, run } = await draftOf(play, goal, queued.scheduled_time, 15)
  const started = run.attempts[0]?.started_at
  const gap = started === undefined || resumed.resumed_at === null
    ? Number.NaN
    : DateTime.toEpochMillis(started) - DateTime.toEpochMillis(resumed.resumed_at)
  await show.says("scheduler", `the run began ${gap} ms after the resume: "${draft.title}"`)
  await checks.equal("resume_goes_on", { status: "completed", afterResume: true }, {
    status: run.status,
    afterResume: gap >= 0,
  })

  const { items } = await olga.asks(Actions, { to: "scheduler", path: `/scheduler/actions/${olga.subject}?limit=10` })
  await show.says(olga.who, "looks at the action log, which nobody can alter:")
  for (const { action, operator, reason, timestamp } of items.toReversed()) {
    await show.says("", `${DateTime.formatIso(timestamp).slice(11, 19)}  ${operator}  ${action.padEnd(7)} ${reason}`)
  }
  await checks.equal(
    "actions_logged",
    [["pause", olga.subject, reason, true], ["resume", olga.subject, over, true]],
    items.toReversed().map(({ action, operator, reason, timestamp }) => [
      action,
      operator,
      reason,
      Math.abs(Date.now() - DateTime.toEpochMillis(timestamp)) < 60_000,
    ]),
  )
}
