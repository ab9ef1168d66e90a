/** `stint scheduler backfill`: runs for the past slots of a goal. */
import { GoalInstanceId, ScheduledRunId } from "@stint/domain/Ids"
import { Instant, Reason } from "@stint/domain/Protocol"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import type { Backfilled } from "@stint/domain/scheduler/Backfill"
import { UsageError } from "../../Command.ts"
import { at } from "../../Remote/Lists.ts"
import { ended, getRun } from "../../Remote/Runs.ts"
import { given, keyed, numberOf, only, required, type Session } from "../../Remote/Session.ts"
import { waitFor } from "../../Remote/Wait.ts"
import { table } from "../../Show/Table.ts"

const payloadOf = ({ flags, operands }: Session) => {
  const dry_run = flags["dry-run"] === true
  const reason = given(Reason, "--reason", flags.reason)
  if (!dry_run && reason === undefined) {
    throw new UsageError("Say --reason WORDS: why, or --dry-run to see which slots.")
  }
  return {
    goal_instance_id: required(GoalInstanceId, "GOAL", operands[0]),
    from: required(Instant, "--from INSTANT", flags.from),
    to: required(Instant, "--to INSTANT", flags.to),
    dry_run,
    ...only({
      reason,
      cap: numberOf(flags, "cap", 1, 1000),
      per_minute: numberOf(flags, "per-minute", 1, 100_000),
      force: flags.force === true ? true : undefined,
    }),
  }
}

const shown = ({ io }: Session, { dry_run, finishes_at, matched, next_from, queued, slots }: Backfilled): void => {
  table(io, [
    { head: "slot", of: ({ scheduled_time }) => at(scheduled_time) },
    { head: "outcome", of: ({ outcome }) => outcome },
    { head: "status", of: ({ status }) => status },
    { head: "run", of: ({ scheduled_run_id }) => scheduled_run_id, least: 12 },
  ], slots)
  const count = dry_run ? slots.filter(({ outcome }) => outcome === "would_queue").length : queued
  io.err(`${matched} slots, ${count} ${dry_run ? "would be queued" : "queued"}.`)
  if (finishes_at !== null) io.err(`The last one begins at ${at(finishes_at)}.`)
  if (next_from !== null) io.err(`There are more: --from ${at(next_from)}`)
}

/** Waits until the runs that were queued are final; the exit status says whether all completed. */
const allEnded = async (session: Session, ids: ReadonlyArray<ScheduledRunId>): Promise<number> => {
  const open = new Set(ids)
  let failed = 0
  await waitFor(
    session.io,
    session.flags,
    { words: "The runs are under way,", next: "stint runs list says how they stand." },
    async () => {
      for (const id of open) {
        const { value } = await getRun(session, id)
        if (!ended(value)) return undefined
        open.delete(id)
        if (value.status !== "completed") failed++
      }
      return true
    },
  )
  if (failed > 0) session.io.err(`${failed} of ${ids.length} runs did not complete.`)
  return failed === 0 ? 0 : 1
}

/** Queues the slots, or says which with --dry-run. */
export const backfill = async (session: Session): Promise<number> => {
  const payload = payloadOf(session)
  const answer = await session.ask(
    SchedulerApi,
    "scheduler",
    ({ backfill }) => backfill.backfill({ payload, ...keyed() }),
  )
  const body = answer.value as Backfilled | { readonly body: Backfilled }
  const value = "slots" in body ? body : body.body
  session.show(answer, () => shown(session, value))
  if (session.flags.wait !== true || payload.dry_run) return 0
  const queued = value.slots.filter(({ outcome }) => outcome === "queued")
  return await allEnded(session, queued.flatMap(({ scheduled_run_id }) => scheduled_run_id ?? []))
}
