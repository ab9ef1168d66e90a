/** Gathers the facts about an instant of a goal: which slot is meant, and what was recorded of it. */
import type { GoalInstanceId } from "@stint/domain/Ids"
import { Clock, DateTime, Effect, Option } from "effect"
import { type ReasonCode, runKey } from "@stint/domain/scheduler/Runs"
import type { Facts } from "./Facts.ts"

import { type Pause, pausesOf, touching } from "./Pauses.ts"
import { LAST_INSTANT } from "./Preview.ts"
import { AnswersRepo, type SlotRun } from "./Repo.ts"
import { nextSlot, previousSlot, type Segment, segmentAt, segmentsOf, slotIn, spreadOfRow } from "./Segments.ts"

const MINUTE = 60_000

/** Where the run stands that decided over one that was skipped for this reason; undefined when none did. */
const rivalOf = (code: ReasonCode | null): "before" | "after" | undefined =>
  code === "overlap_open" || code === "overlap_waiting" ? "before" : code === "missed_superseded" ? "after" : undefined

/** Whose goal: what may be paused with it. */
export interface Owner {
  readonly hired_instance_id: string
  readonly customer_id: string
}

/** The slot that is meant, and its run. */
interface Meant {
  readonly slot: number | null
  readonly run?: SlotRun
}

/** The reader of facts over a storage. */
export const gatherer = (repo: AnswersRepo["Service"]) => {
  /** The pauses of all, of the hire and of the customer that held at some instant of [from, to]. */
  const pausesDuring = Effect.fnUntraced(function* (owner: Owner, from: number, to: number) {
    const { customer_id, hired_instance_id } = owner
    const scopes: ReadonlyArray<Pause["scope"]> = [{}, { hired_instance_id }, { customer_id }]
    return touching(pausesOf(yield* repo.pauseLines(scopes, from, to)), from, to)
  })

  /**
   * The slot that an instant means: of that millisecond; else of its minute, since an operator types 09:00:00, one of the
   * schedule before one that a person asked for; else one that its spread starts in that minute.
   */
  const meant = Effect.fnUntraced(
    function* (id: string, segments: ReadonlyArray<Segment>, at: number): Effect.fn.Return<Meant> {
      const minute = Math.floor(at / MINUTE) * MINUTE
      const runs = yield* repo.runsIn(id, minute, minute + MINUTE)
      const exact = runs.find((run) => run.slot === at)
      if (exact !== undefined) return { slot: at, run: exact }
      const named = slotIn(segments, at, at + 1) ?? slotIn(segments, minute, minute + MINUTE)
      const near = named?.slot === at ? undefined : runs.find((run) => run.ofSchedule || run.slot === named?.slot) ??
        (named === undefined ? runs.toSorted((a, b) => Math.abs(a.slot - at) - Math.abs(b.slot - at))[0] : undefined)
      if (near !== undefined) return { slot: near.slot, run: near }
      if (named !== undefined) return { slot: named.slot }
      const spread = slotIn(segments, minute, minute + MINUTE, true)
      if (spread === undefined) return { slot: null }
      const [run] = yield* repo.runsIn(id, spread.slot, spread.slot + 1)
      return run === undefined ? { slot: spread.slot } : { slot: spread.slot, run }
    },
  )

  /** What is recorded of a slot, beyond the run. */
  const recorded = Effect.fnUntraced(function* (id: string, { run: slotRun, slot }: Meant) {
    const run = slotRun === undefined ? null : yield* repo.run(slotRun.scheduled_run_id)
    const none = { missed: null, old: null, letter: null, discard: null, ahead: null, rival: null, limits: [] }
    if (slot === null) return { ...none, run }
    if (run === null || slotRun === undefined) {
      return { ...none, run, missed: yield* repo.missed(id, slot), old: yield* repo.execution(runKey(id, slot)) }
    }
    const letter = yield* repo.letter(slotRun.scheduled_run_id)
    const discarded = letter?.state === "discarded" ? letter.closed_at : null
    const which = run.run.status === "cancelled" ? rivalOf(run.run.reason_code) : undefined
    return {
      ...none,
      run,
      letter,
      discard: letter === null || discarded === null ? null : yield* repo.discard(id, letter.dlq_id, discarded),
      ahead: run.run.status === "pending" && run.claimable_at === null ? yield* repo.ahead(id, slotRun) : null,
      limits: run.claimable_at !== null && (run.run.status === "pending" || run.run.status === "retrying")
        ? yield* repo.limitsReached(slotRun.scheduled_run_id)
        : [],
      rival: which === undefined || run.closed_at === null ? null : yield* repo.openAt(id, slot, run.closed_at, which),
    }
  })

  /** The facts about an instant (epoch ms), and whose goal it is; undefined for a goal of which nothing is known. */
  const facts = Effect.fnUntraced(function* (id: GoalInstanceId, at: number) {
    const now = yield* Clock.currentTimeMillis
    const current = yield* repo.goal(id)
    const { rows, since } = yield* repo.history(id, at)
    const owner: Owner | undefined = Option.match(current, { onNone: () => rows[0], onSome: ({ goal }) => goal })
    if (owner === undefined) return undefined
    const segments = segmentsOf(rows)
    const it = yield* meant(id, segments, at)
    const { slot } = it
    const segment = segmentAt(segments, slot ?? at)
    const spread = segment === undefined || it.run?.ofSchedule === false ? 0 : spreadOfRow(id, segment.row)
    const starts_at = slot === null ? null : Math.min(slot + spread, LAST_INSTANT)
    const found = yield* recorded(id, it)
    const next = nextSlot(segments, slot ?? at)
    const gathered: Omit<Facts, "pauses"> = {
      ...found,
      now,
      at,
      segments,
      segment,
      known_since: since,
      slot,
      starts_at,
      undecided: Option.match(current, { onNone: () => null, onSome: ({ goal }) => goal.next_slot }),
      previous_slot: previousSlot(segments, slot ?? at),
      next_slot: next === null || next > LAST_INSTANT ? null : next,
    }
    const [from, to] = waitOf(gathered)
    return { owner, facts: { ...gathered, pauses: from === null ? [] : yield* pausesDuring(owner, from, to) } }
  })

  return { facts, pausesDuring }
}

/** From when until when a pause touches a slot: since it could start, until it began or was decided otherwise, or now. */
const waitOf = (
  { missed, now, old, run, segment, starts_at }: Omit<Facts, "pauses">,
): readonly [number | null, number] => {
  if (starts_at === null) return [null, now]
  const begun = run?.run.attempts[0]?.started_at
  const isLive = run !== null && (run.run.status === "pending" || run.run.status === "retrying")
  const end = begun === undefined
    ? run?.closed_at ?? missed?.recorded_at ?? old?.started_at ?? segment?.to ?? now
    : DateTime.toEpochMillis(begun)
  // a run that a person asked for may be of an instant long before it was asked for
  const from = run === null ? starts_at : Math.max(starts_at, run.run.origin === "schedule" ? 0 : run.made_at ?? 0)
  return [Math.min(from, now), isLive ? now : Math.min(end, now)]
}
