/** Runs: whether one has ended, and how; waiting for that. */
import type { ScheduledRunId } from "@stint/domain/Ids"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import type { Run } from "@stint/domain/scheduler/Runs"
import { showThing } from "./Lists.ts"
import { type Answer, type Session, whole } from "./Session.ts"
import { waitFor } from "./Wait.ts"

/** Whether a run is final. */
export const ended = ({ status }: Run): boolean =>
  status === "completed" || status === "cancelled" || status === "dead_lettered"

/** Gets a run. */
export const getRun = (session: Session, id: ScheduledRunId): Promise<Answer<Run>> =>
  session.ask(SchedulerApi, "scheduler", ({ runs }) => runs.get({ params: { id }, ...whole }))

/** Waits until a run is final, for at most --timeout. */
export const runAfter = (session: Session, id: ScheduledRunId): Promise<Answer<Run>> =>
  waitFor(
    session.io,
    session.flags,
    { words: "The run is under way,", next: `stint runs show ${id} says how it stands.` },
    async () => {
      const answer = await getRun(session, id)
      return ended(answer.value) ? answer : undefined
    },
  )

/** Shows a run that is final; the exit status says whether it completed. */
export const runEnded = (session: Session, run: Answer<Run>): number => {
  showThing(session, run)
  if (run.value.status === "completed") return 0
  const { reason, status } = run.value
  // the reason of a dead letter begins with the same words
  const why = reason?.replace(/^dead-lettered: /, "")
  session.io.err(`The run is ${status}${why === undefined ? "" : `: ${why}`}.`)
  return 1
}
