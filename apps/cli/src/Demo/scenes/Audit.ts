/** At the end everything is counted once more, whichever scene it belongs to. */
import { DateTime } from "effect"
import { type Agents, type Play, until } from "../Play.ts"
import { draftsOf, runsOf } from "../Work.ts"
import { firstSlot } from "./Hiring.ts"

/** What ran in the demo. */
export interface Totals {
  readonly runs: number
  readonly drafts: number
  readonly approved: number
  readonly rejected: number
  readonly executed: number
  readonly webhooks: number
}

/** The scene. */
export const audit = async (play: Play, { everyMinute, marketing, trading }: Agents): Promise<Totals> => {
  const { asha, checks, receiver, show } = play
  const hires = [marketing, trading]
  const runs = await until(play, "The end of all runs", 15, async () => {
    const runs = (await Promise.all(hires.map(({ hired_instance_id }) => runsOf(asha, { hired_instance_id })))).flat()
    return runs.every(({ status }) => status === "completed") ? runs : undefined
  })
  const drafts = (await Promise.all(hires.map((hire) => draftsOf(asha, hire)))).flat()

  const slots = runs.filter(({ goal_instance_id, origin }) =>
    origin === "schedule" && goal_instance_id === everyMinute.goal_instance_id
  ).map(({ scheduled_time }) => DateTime.toEpochMillis(scheduled_time)).sort((a, b) => a - b)
  const first = DateTime.toEpochMillis(firstSlot(everyMinute.created_at))
  const latest = slots.at(-1) ?? first
  // The minute that has just begun may still be on its way
  const complete = latest >= Math.floor((Date.now() - 2_000) / 60_000) * 60_000
  const minutes = Array.from({ length: (latest - first) / 60_000 + 1 }, (_, index) => first + index * 60_000)

  await checks.equal(
    "all_runs_accounted",
    { keys: runs.length, drafts: runs.length, sameDrafts: true, slots: minutes, complete: true },
    {
      keys: new Set(runs.map(({ idempotency_key }) => idempotency_key)).size,
      drafts: drafts.length,
      sameDrafts: new Set([...runs, ...drafts].map(({ deliverable_id }) => deliverable_id)).size === runs.length,
      slots,
      complete,
    },
  )
  const count = <A>(items: ReadonlyArray<A>, holds: (item: A) => boolean) => items.filter(holds).length
  const totals = {
    runs: runs.length,
    drafts: drafts.length,
    approved: count(drafts, ({ review_status }) => review_status === "approved"),
    rejected: count(drafts, ({ review_status }) => review_status === "rejected"),
    executed: count(drafts, ({ execution_status }) => execution_status === "executed"),
    webhooks: receiver.received.length,
  }
  await show.says("scheduler", `${totals.runs} runs in all`)
  await show.says(
    "deliverables",
    `${totals.drafts} drafts: ${totals.approved} approved, ${totals.rejected} rejected, ${totals.executed} executed`,
  )
  return totals
}
