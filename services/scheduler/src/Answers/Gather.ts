/** Gathers the facts about an instant of a goal: which slot is meant, and what was recorded of it. */
import type { GoalInstanceId } from "@stint/domain/Ids"
import type { ReasonCode } from "@stint/domain/scheduler/ReasonCodes"
import { runKey } from "@stint/domain/scheduler/Runs"
import { Clock, Effect, Option } from "effect"
import { ProjectionRepo } from "../Projection/Repo.ts"
import { attemptsOf } from "../Runs/Row.ts"
import type { Facts } from "./Facts.ts"
import { type Pause, pausesDuring, pausesOf } from "./Pauses.ts"
import { LAST_INSTANT } from "./Preview.ts"
import { AnswersRepo } from "./Repo.ts"
import type { SlotRun } from "./Row.ts"
import { nextSlot, previousSlot, slotIn } from "./Rules.ts"
import { isUnread, type Segment, segmentAt, segmentsOf, spreadOfVersion } from "../Timeline.ts"

const MINUTE = 60_000

/** Where the run is that a skipped slot lost to: before it or after it; undefined when there is none. */
const rivalOf = (code: ReasonCode | null): "before" | "after" | undefined =>
  code === "overlap_open" || code === "overlap_waiting" ? "before" : code === "missed_superseded" ? "after" : undefined

/** The hire and customer of a goal: they may be paused. */
export interface Owner {
  readonly hired_instance_id: string
  readonly customer_id: string
}

/** The slot that is meant, and its run. */
interface Meant {
  readonly slot: number | null
  readonly run?: SlotRun
}

/** The pauses of everything, of the hire and of the customer that held at some instant of [from, to]. */
export const readPauses = Effect.map(
  AnswersRepo,
  (repo) =>
    Effect.fnUntraced(function* ({ customer_id, hired_instance_id }: Owner, from: number, to: number) {
      const scopes: ReadonlyArray<Pause["scope"]> = [{}, { hired_instance_id }, { customer_id }]
      return pausesDuring(pausesOf(yield* repo.pauseLines(scopes, from, to)), from, to)
    }),
)

/**
 * The slot that an instant means: the one of that millisecond; else one of its minute, since a person types 09:00:00, and a
 * slot of the schedule before one that a person asked for; else one that its spread starts in that minute.
 */
const findSlot = Effect.map(AnswersRepo, (repo) =>
  Effect.fnUntraced(
    function* (id: string, segments: ReadonlyArray<Segment>, at: number): Effect.fn.Return<Meant> {
      const minute = Math.floor(at / MINUTE) * MINUTE
      const runs = yield* repo.runsIn(id, minute, minute + MINUTE)
      const exact = runs.find((run) => run.slot === at)
      if (exact !== undefined) return { slot: at, run: exact }
      const named = slotIn(segments, at, at + 1) ?? slotIn(segments, minute, minute + MINUTE)
      const near = named?.slot === at ? undefined : runs.find((run) => run.of_schedule || run.slot === named?.slot) ??
        (named === undefined ? runs.toSorted((a, b) => Math.abs(a.slot - at) - Math.abs(b.slot - at))[0] : undefined)
      if (near !== undefined) return { slot: near.slot, run: near }
      if (named !== undefined) return { slot: named.slot }
      const spread = slotIn(segments, minute, minute + MINUTE, true)
      if (spread === undefined) {
        // what an edit dropped is no slot of the version that holds now
        const dropped = yield* repo.dropped(id, minute, minute + MINUTE)
        return { slot: dropped === null || dropped.from < minute ? null : dropped.from }
      }
      const [run] = yield* repo.runsIn(id, spread.slot, spread.slot + 1)
      return run === undefined ? { slot: spread.slot } : { slot: spread.slot, run }
    },
  ))

/** What is recorded of a slot. */
const readRecords = Effect.map(
  AnswersRepo,
  (repo) =>
    Effect.fnUntraced(function* (id: string, { run: slotRun, slot }: Meant) {
      const run = slotRun === undefined ? null : yield* repo.run(slotRun.scheduled_run_id)
      const none = {
        missed: null,
        dropped: null,
        old: null,
        deadLetter: null,
        discard: null,
        ahead: null,
        rival: null,
        limits: [],
      }
      if (slot === null) return { ...none, run }
      if (run === null || slotRun === undefined) {
        return {
          ...none,
          run,
          missed: yield* repo.missed(id, slot),
          dropped: yield* repo.dropped(id, slot, slot + 1),
          old: yield* repo.execution(runKey(id, slot)),
        }
      }
      const { reason_code, status } = run.run
      const deadLetter = yield* repo.deadLetter(slotRun.scheduled_run_id)
      const discarded = deadLetter?.state === "discarded" ? deadLetter.closed_at : null
      const which = rivalOf(reason_code)
      return {
        ...none,
        run,
        deadLetter,
        discard: deadLetter === null || discarded === null
          ? null
          : yield* repo.discard(id, deadLetter.dlq_id, discarded),
        ahead: status === "pending" && run.claimable_at === null ? yield* repo.ahead(id, slotRun) : null,
        limits: run.claimable_at !== null && (status === "pending" || status === "retrying")
          ? yield* repo.limitsReached(slotRun.scheduled_run_id)
          : [],
        rival: which === undefined || run.closed_at === null
          ? null
          : yield* repo.openAt(id, slot, run.closed_at, which),
      }
    }),
)

/** Reads the facts about an instant (epoch ms) of a goal, and its owner; undefined for a goal of which nothing is known. */
export const gatherer = Effect.gen(function* () {
  const repo = yield* AnswersRepo
  const projection = yield* ProjectionRepo
  const slotOf = yield* findSlot
  const recordsOf = yield* readRecords
  const pausesOfOwner = yield* readPauses

  return Effect.fnUntraced(function* (id: GoalInstanceId, at: number) {
    const now = yield* Clock.currentTimeMillis
    const current = yield* projection.find(id)
    const { rows, since } = yield* repo.history(id, at)
    const owner: Owner | undefined = Option.match(current, { onNone: () => rows[0], onSome: ({ goal }) => goal })
    if (owner === undefined) return undefined
    const segments = segmentsOf(rows)
    const meant = yield* slotOf(id, segments, at)
    const { slot } = meant
    const segment = segmentAt(segments, slot ?? at)
    const spread = segment === undefined || meant.run?.of_schedule === false ? 0 : spreadOfVersion(id, segment.row)
    const next = nextSlot(segments, slot ?? at)
    const records = yield* recordsOf(id, meant)
    // which slots there were is not known, so all of the time is recorded
    const unread = slot === null && segment !== undefined && isUnread(segment.row)
    const gathered: Omit<Facts, "pauses"> = {
      ...records,
      missed: unread ? yield* repo.missed(id, at) : records.missed,
      now,
      at,
      segments,
      segment,
      known_since: since,
      slot,
      starts_at: slot === null ? null : Math.min(slot + spread, LAST_INSTANT),
      undecided: Option.match(current, { onNone: () => null, onSome: ({ goal }) => goal.next_slot }),
      previous_slot: previousSlot(segments, slot ?? at),
      next_slot: next === null || next > LAST_INSTANT ? null : next,
    }
    const [from, to] = waitOf(gathered)
    return { owner, facts: { ...gathered, pauses: from === null ? [] : yield* pausesOfOwner(owner, from, to) } }
  })
})

/** How long the slot waited: from when it could start, until it began, was decided otherwise, or now. */
const waitOf = (
  { dropped, missed, now, old, run, starts_at }: Omit<Facts, "pauses">,
): readonly [number | null, number] => {
  if (starts_at === null) return [null, now]
  const isLive = run !== null && (run.run.status === "pending" || run.run.status === "retrying")
  const begun = run === null ? undefined : attemptsOf(run.run)[0]?.started_at
  const end = begun ?? run?.closed_at ?? missed?.recorded_at ?? dropped?.recorded_at ?? old?.started_at ?? now
  // a person may ask for a run of an instant long before
  const from = run === null ? starts_at : Math.max(starts_at, run.run.origin === "schedule" ? 0 : run.made_at ?? 0)
  return [Math.min(from, now), isLive ? now : Math.min(end, now)]
}
