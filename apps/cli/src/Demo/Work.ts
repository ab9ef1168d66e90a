/** What people do in more than one scene, each a call or two of the public API. */
import { Approval } from "@stint/domain/deliverables/Reviews"
import { Deliverable } from "@stint/domain/deliverables/Deliverables"
import type { Frequency } from "@stint/domain/Definition"
import { Goal, RunQueued } from "@stint/domain/hiring/Goals"
import type { Hire } from "@stint/domain/hiring/Hires"
import { listOf } from "@stint/domain/Protocol"
import { Run } from "@stint/domain/scheduler/Runs"
import { DateTime, Schema } from "effect"
import { DemoError } from "./DemoError.ts"
import type { Answer, Person } from "./People.ts"
import { type Play, until } from "./Play.ts"

const Runs = listOf(Run)
const Deliverables = listOf(Deliverable)
const Approvals = listOf(Approval.json)

/** Every item of a list, page after page. */
const everything = async <A>(
  page: (cursor: string) => Promise<{ readonly items: ReadonlyArray<A>; readonly next_cursor: string | null }>,
): Promise<ReadonlyArray<A>> => {
  const items: Array<A> = []
  for (let cursor: string | null = ""; cursor !== null;) {
    const found = await page(cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`)
    items.push(...found.items)
    cursor = found.next_cursor
  }
  return items
}

/** All runs of a hire or a goal. */
export const runsOf = (
  person: Person,
  of: Pick<Hire, "hired_instance_id"> | Pick<Goal, "goal_instance_id">,
): Promise<ReadonlyArray<Run>> => {
  const which = "goal_instance_id" in of
    ? `goal_instance_id=${of.goal_instance_id}`
    : `hired_instance_id=${of.hired_instance_id}`
  return everything((cursor) =>
    person.asks(Runs, { to: "scheduler", path: `/scheduler/runs?${which}&limit=200${cursor}` })
  )
}

/** All drafts of a hire. */
export const draftsOf = (person: Person, hire: Hire): Promise<ReadonlyArray<Deliverable>> =>
  everything((cursor) =>
    person.asks(Deliverables, {
      to: "deliverables",
      path: `/hired-agents/${hire.hired_instance_id}/deliverables?limit=200${cursor}`,
    })
  )

/** Sets a goal. */
export const setGoal = (
  person: Person,
  hire: Hire,
  goal_template_id: string,
  frequency: typeof Frequency.Type,
  settings: Readonly<Record<string, unknown>>,
): Promise<Goal> =>
  person.asks(Goal.json, {
    to: "hiring",
    method: "PUT",
    path: `/hired-agents/${hire.hired_instance_id}/goals`,
    body: { goal_template_id, frequency, settings },
  }) as Promise<Goal>

/** Asks for a run now. */
export const runNow = (person: Person, goal: Goal): Promise<RunQueued> =>
  person.asks(RunQueued, {
    to: "hiring",
    method: "POST",
    path: `/hired-agents/${goal.hired_instance_id}/goals/${goal.goal_instance_id}/run`,
    body: {},
  })

/** Waits for the run of a goal's slot to complete, and answers with it and its draft. */
export const draftOf = async (
  play: Play,
  goal: Goal,
  slot: DateTime.Utc,
  seconds: number,
): Promise<{ readonly run: Run; readonly draft: Deliverable }> => {
  const { asha } = play
  const at = DateTime.formatIso(slot)
  const run = await until(play, `The run of ${at}`, seconds, async () => {
    const found = (await runsOf(asha, { goal_instance_id: goal.goal_instance_id }))
      .find(({ scheduled_time }) => DateTime.formatIso(scheduled_time) === at)
    if (found?.status === "cancelled" || found?.status === "dead_lettered") {
      throw new DemoError(`The run of ${at} is ${found.status}: ${found.reason}`)
    }
    return found?.status === "completed" ? found : undefined
  })
  return { run, draft: await lookAt(asha, run.deliverable_id ?? "") }
}

/** A deliverable. */
export const lookAt = (person: Person, deliverable: string): Promise<Deliverable> =>
  person.asks(Deliverable, { to: "deliverables", path: `/deliverables/${deliverable}` })

/** The decisions on a deliverable. */
export const decisionsOn = async (person: Person, deliverable: string): Promise<ReadonlyArray<Approval>> =>
  (await person.asks(Approvals, { to: "deliverables", path: `/deliverables/${deliverable}/approvals` }))
    .items as ReadonlyArray<Approval>

/** Decides on a draft, whatever comes of it. */
export const decide = (
  person: Person,
  { deliverable_id }: Deliverable,
  decision: "approved" | "rejected",
  notes: string,
): Promise<Answer> =>
  person.sends({
    to: "deliverables",
    method: "POST",
    path: `/deliverables/${deliverable_id}/review`,
    body: { decision, notes },
  })

/** Asks to execute a draft, whatever comes of it; each call is a request of its own. */
export const execute = (
  person: Person,
  { deliverable_id }: Deliverable,
  approval_id?: string | null,
): Promise<Answer> =>
  person.sends({
    to: "deliverables",
    method: "POST",
    path: `/deliverables/${deliverable_id}/execute`,
    body: approval_id == null ? {} : { approval_id },
    key: crypto.randomUUID(),
  })

const decodeDeliverable = Schema.decodeUnknownSync(Deliverable)

/** The deliverable of a 2xx; fails with a DemoError on any other answer. */
export const deliverableOf = (answer: Answer, what: string): Deliverable => {
  if (answer.status === 200) return decodeDeliverable(answer.body)
  throw new DemoError(`${what} was answered ${answer.status}: ${answer.text.slice(0, 300)}`)
}
