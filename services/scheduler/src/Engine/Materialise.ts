/** Decides over goals that have fallen due, makes their runs, and claims them if asked: one transaction a batch. */
import type { ScheduledRunId } from "@stint/domain/Ids"
import { Ids } from "@stint/edge/Ids"
import { readable } from "@stint/edge/Paging"
import { Effect } from "effect"
import { type ClaimedRun, type GoalVersion, iso, type NewRun, type Versions } from "../Model.ts"
import { Queue, type Start } from "../Queue.ts"
import type { Next } from "../Queue/Repo/Unrecorded.ts"
import { decidedUntil, isReplanned, isUnread, timelineOf } from "../Timeline.ts"
import { byGoal } from "../Timeline/Repo.ts"
import { type DuePlan, type Open, runOfSlot, type SlotPlan } from "./Plan.ts"
import { type Past, planOrStop } from "./Replan.ts"
import { EngineRepo } from "./Repo.ts"
import type { DueGoal } from "./Repo/DueGoals.ts"

/** How many slots one batch makes runs of before it leaves the other goals to the next: one goal may catch up on a day's. */
const SLOTS_AT_ONCE = 2_000
/** The versions of a goal; where the last one can't be read, the goal's row says what holds. */
const withPresent = (versions: ReadonlyArray<GoalVersion>, goal: DueGoal): ReadonlyArray<GoalVersion> => {
  const last = versions.at(-1)
  if (last === undefined || !isUnread(last)) return versions
  const { default_at, frequency, schedule, timezone } = goal
  return [...versions.slice(0, -1), { ...last, default_at, frequency, schedule, timezone, runs: true, reason: null }]
}

/** What the edited ones of some goals did, and which of their slots have a run; a few statements, if there are any. */
const makePastsOf = (repo: EngineRepo["Service"], queue: Queue["Service"]) =>
  Effect.fnUntraced(function* (goals: ReadonlyArray<DueGoal>) {
    const edited = goals.filter(isReplanned)
    const since = edited.map((goal) => ({
      goal: goal.goal_instance_id,
      since: iso(decidedUntil(goal, goal.now))!,
    }))
    if (since.length === 0) return new Map<string, Past>()
    yield* queue.lockGoals(since.map(({ goal }) => goal))
    const rows = byGoal(yield* repo.versionsSince(since))
    const slots = Map.groupBy(yield* repo.slotsWithRuns(since), (row) => row.goal_instance_id)
    const due = new Map<string, DueGoal>(edited.map((goal) => [goal.goal_instance_id, goal]))
    // a goal without a version is decided by its row
    return new Map([...rows].map(([goal, versions]): [string, Past] => [goal, {
      segments: timelineOf(withPresent(versions, due.get(goal)!)),
      decided: new Set((slots.get(goal) ?? []).map((row) => row.slot)),
    }]))
  })

/** Of a goal whose row can't be read: it stops, so that its neighbours do not. A change of the goal starts it again. */
const unreadable = (at: number): DuePlan => ({
  slots: [],
  ranges: [{
    from: at,
    to: at,
    code: "schedule_invalid",
    reason: "the goal's row can't be read; the scheduler's log says why",
  }],
  next: { next_slot: null, due_at: null },
  decided_until: at,
})

/** What is decided over a goal; a test gives its own. */
export type Plan = (
  goal: Omit<DueGoal, "serial" | "waiting" | "timezone" | "now" | "hire_version" | "hire_changed_at">,
  timezone: string,
  open: Open,
  now: number,
  past?: Past,
) => DuePlan

/** What was decided: over how many goals, those that are paused included, and the runs that were claimed as they were made. */
export interface Decided {
  readonly goals: number
  readonly started: ReadonlyArray<ClaimedRun>
  /** The versions that their goals, by id, and hires were decided by. */
  readonly versions: ReadonlyMap<string, Versions>
}

const versionsOf = (goals: ReadonlyArray<DueGoal>): ReadonlyMap<string, Versions> =>
  new Map(goals.map(({ changed_at, goal_instance_id, hire_changed_at, hire_version, version }) => [goal_instance_id, {
    goal_version: version,
    goal_changed_at: changed_at,
    hire_version,
    hire_changed_at,
  }]))

const makeBatch = Effect.gen(function* () {
  const repo = yield* EngineRepo
  const queue = yield* Queue
  const ids = yield* Ids
  const pastsOf = makePastsOf(repo, queue)

  const decide = Effect.fnUntraced(function* (due: ReadonlyArray<DueGoal>, plan: Plan) {
    const pasts = yield* pastsOf(due)
    const slots: Array<{ readonly goal: DueGoal; readonly slot: SlotPlan }> = []
    const decided: Array<{ readonly id: string; readonly plan: DuePlan }> = []
    // the latest due first: they have a slot or two, and do not wait for others to catch up on a day's
    for (const goal of due.toSorted((a, b) => b.next_slot! - a.next_slot!)) {
      if (slots.length >= SLOTS_AT_ONCE) break
      const { now, serial, timezone, waiting } = goal
      const planned = plan(goal, timezone, { serial, waiting }, now, pasts.get(goal.goal_instance_id))
      for (const slot of planned.slots) slots.push({ goal, slot })
      decided.push({ id: goal.goal_instance_id, plan: planned })
    }
    const drawn = yield* ids.take("SCH", slots.length)
    const runs = slots.map(({ goal, slot }, nth) => runOfSlot(goal, slot, drawn[nth] as ScheduledRunId, goal.now))
    return { runs, decided }
  })

  /**
   * Makes runs, and says when goals fall due next; with a lease those that may run now are claimed at once, as many of them as goals
   * were asked for. `durable` when it does more than that.
   */
  const make = Effect.fnUntraced(function* (
    runs: ReadonlyArray<NewRun>,
    { durable, goals }: Next,
    limit: number,
    lease?: Start,
  ) {
    const now = lease === undefined
      ? []
      : runs.filter((run) => typeof run.queue?.claimable_at === "number").slice(0, limit)
    const others = now.length === 0 ? runs : now.length === runs.length ? [] : runs.filter((run) => !now.includes(run))
    if (others.length > 0) yield* queue.enqueue(others)
    if (lease !== undefined && now.length > 0) {
      // A crash that loses runs which stand in the queue alone loses their slots' decisions too: they are made again under
      // the same keys. Nobody has seen them: who reads them records them first, and that commit takes these along to the disk.
      return yield* queue.start(now, lease, { goals, durable: durable || others.length > 0 })
    }
    yield* repo.setNext(goals)
    return []
  })

  return Effect.fnUntraced(function* (limit: number, plan: Plan, lease?: Start): Effect.fn.Return<Decided, unknown> {
    const { goals: read, locked } = yield* repo.lockDue(limit)
    if (read.length === 0) return { goals: locked, started: [], versions: new Map() }
    const due = readable({ entries: read })
    const { decided, runs } = yield* decide(due, plan)
    for (const { key, row } of read) {
      if (row === undefined) decided.push({ id: key.goal_instance_id, plan: unreadable(key.next_slot) })
    }
    const missed = decided.flatMap(({ id, plan: { ranges } }) =>
      ranges.map(({ code, from, reason, to }) => ({
        goal_instance_id: id,
        from_slot: iso(from),
        to_slot: iso(to),
        reason,
        reason_code: code,
      }))
    )
    if (missed.length > 0) yield* repo.recordMissed(missed)
    const goals = decided.map(({ id, plan: { decided_until, next } }) => ({
      id,
      next_slot: iso(next.next_slot),
      due_at: iso(next.due_at),
      decided_until: iso(decided_until),
    }))
    const durable = missed.length > 0 || due.some(isReplanned)
    const started = decided.length === 0 ? [] : yield* make(runs, { goals, durable }, limit, lease)
    return { goals: locked, started, versions: versionsOf(started.length === 0 ? [] : due) }
  })
})

/** Decides over up to `limit` goals that have fallen due, and parks those that are paused; how many there were. */
export const makeMaterialise = Effect.gen(function* () {
  const repo = yield* EngineRepo
  const batch = yield* makeBatch
  return (limit: number, plan: Plan = planOrStop) =>
    Effect.map(Effect.orDie(repo.atomically(batch(limit, plan))), ({ goals }) => goals)
})

/** The same, and claims those of the runs that may run now, up to `limit`. */
export const makeStartDue = Effect.gen(function* () {
  const repo = yield* EngineRepo
  const batch = yield* makeBatch
  return (limit: number, lease: Start) => Effect.orDie(repo.atomically(batch(limit, planOrStop, lease)))
})
