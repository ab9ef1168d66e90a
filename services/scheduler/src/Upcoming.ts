/** What will run: the undecided slots of many goals, derived as the engine derives them. It only reads. */
import { type Caller, canSee, customerOf } from "@stint/domain/Caller"
import { CustomerNotFound, InvalidRequest } from "@stint/domain/Problem"
import type { Upcoming as Item } from "@stint/domain/scheduler/Upcoming"
import {
  cursorId,
  CursorMillis,
  decodeCursor,
  DEFAULT_LIMIT,
  type Page,
  pageOf,
  type PageQuery,
} from "@stint/edge/Paging"
import { Clock, Context, DateTime, Effect, Layer, Schema } from "effect"
import { type Ahead, fireOf, slotsOn } from "./Answers/Preview.ts"
import { pauseWords } from "./Answers/Why/Judgement.ts"
import { timesOf } from "./Answers/Words.ts"
import { iso } from "./Model.ts"
import { type Naming, namingFor } from "./Names.ts"
import { PausesRepo } from "./Pauses/Repo.ts"
import type { StateRow } from "./Pauses/Row.ts"
import { stoppedBecause } from "./Projection/History.ts"
import { scopeOf } from "./Scopes.ts"
import { decidedUntil, isReplanned, type Segment, timelineOf, zoneOf } from "./Timeline.ts"
import { byGoal } from "./Timeline/Repo.ts"
import { type AheadGoal, UpcomingRepo } from "./Upcoming/Repo.ts"

const DAY = 86_400_000
/** The longest stretch of time. */
const MAX_SPAN = 31 * DAY
/** How many goals one request goes through, and after how many it yields to others. */
const MOST_GOALS = 5_000
const YIELD_AFTER = 200

/** Which slots a person asks for: those that start in [from, to). */
export interface UpcomingQuery extends PageQuery {
  readonly from?: DateTime.Utc
  readonly to?: DateTime.Utc
  readonly customer_id?: string
  readonly hired_instance_id?: string
  readonly goal_instance_id?: string
}

const invalid = (name: string, message: string) =>
  new InvalidRequest({ detail: `${name} ${message}`, errors: [{ path: `$.${name}`, message }] })

/** A slot that is ahead, and its goal. */
interface Found extends Ahead {
  readonly goal: AheadGoal
}
type Key = readonly [starts: number, goal: string, slot: number]
const keyOf = ({ goal, slot, starts }: Found): Key => [starts, goal.goal_instance_id, slot]
const compare = (a: Key, b: Key): number => a[0] - b[0] || (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : a[2] - b[2])

/** The pause that binds a goal, if one does. */
const pauseOf = (states: ReadonlyArray<StateRow>, { customer_id, hired_instance_id }: AheadGoal) =>
  states.find(({ state_id, status }) =>
    status === "paused" && ["global", `customer:${customer_id}`, `hire:${hired_instance_id}`].includes(state_id)
  )

/** Why a goal does not run as things stand; null when it does. */
const reasonOf = (goal: AheadGoal, states: ReadonlyArray<StateRow>, naming: Naming): string | null => {
  const stopped = stoppedBecause({ ...goal, reason: goal.hire_reason } as never, goal)
  const pause = pauseOf(states, goal)
  const words = pause === undefined ? [] : [pauseWords(
    {
      scope: scopeOf(pause.state_id) ?? {},
      paused_at: pause.paused_at!,
      paused_by: pause.paused_by ?? "unknown",
      reason: pause.paused_reason,
      resumed_at: null,
      resumed_by: null,
    },
    timesOf(zoneOf(goal)),
    naming,
  )]
  const reasons = [...(stopped === null ? [] : [stopped]), ...words]
  return reasons.length === 0 ? null : reasons.join("; ")
}

export class Upcoming extends Context.Service<Upcoming, {
  /** The slots that start in [from, to), the earliest first; a customer's own alone. */
  list(caller: Caller, query: UpcomingQuery): Effect.Effect<Page<Item>, InvalidRequest | CustomerNotFound>
}>()("scheduler/Upcoming") {
  static readonly layer = Layer.effect(
    Upcoming,
    Effect.gen(function* () {
      const repo = yield* UpcomingRepo
      const pauses = yield* PausesRepo
      const cursorOf = decodeCursor(Schema.Tuple([CursorMillis, cursorId("GOI"), CursorMillis]))

      const spanOf = Effect.fnUntraced(function* ({ from, to }: UpcomingQuery) {
        const begin = from === undefined ? yield* Clock.currentTimeMillis : DateTime.toEpochMillis(from)
        const end = to === undefined ? begin + DAY : DateTime.toEpochMillis(to)
        if (end <= begin) return yield* invalid("to", "must be after `from`")
        if (end - begin > MAX_SPAN) return yield* invalid("to", "must be at most 31 days after `from`")
        return { from: begin, to: end - 1 }
      })

      /** The goals of a filter, each with the segments that its undecided slots follow. */
      const goalsOf = Effect.fnUntraced(function* (filter: Parameters<typeof repo.goals>[0]) {
        const goals = yield* Effect.orDie(repo.goals(filter))
        if (goals.length > MOST_GOALS) {
          return yield* invalid("customer_id", `is needed: more than ${MOST_GOALS} goals match`)
        }
        const now = yield* Clock.currentTimeMillis
        const edited = goals.filter(isReplanned)
        const since = edited.map((goal) => ({ goal: goal.goal_instance_id, since: iso(decidedUntil(goal, now))! }))
        const rows = since.length === 0 ? new Map() : byGoal(yield* Effect.orDie(repo.versionsSince(since)))
        return goals.map((goal) => {
          const after = decidedUntil(goal, now)
          const versions = rows.get(goal.goal_instance_id)
          const segments: ReadonlyArray<Segment> = versions !== undefined ? timelineOf(versions) : [{
            row: { ...goal, valid_from: after, runs: true, reason: null, deleted: false },
            from: after,
            to: Infinity,
          }]
          return { goal, segments: segments.map((one) => ({ ...one, from: Math.max(one.from, after) })) }
        })
      })

      const list = Effect.fn("Upcoming.list")(function* (caller: Caller, query: UpcomingQuery) {
        const { cursor, from: _, limit = DEFAULT_LIMIT, to: __, ...filter } = query
        const after = yield* cursorOf(cursor)
        const { from, to } = yield* spanOf(query)
        const customer_id = filter.customer_id ?? customerOf(caller)
        if (customer_id !== undefined && !canSee(caller, customer_id)) {
          return yield* new CustomerNotFound({ detail: customer_id })
        }
        const goals = yield* goalsOf({
          ...filter,
          ...(customer_id === undefined ? {} : { customer_id }),
          limit: MOST_GOALS + 1,
        })
        const states = yield* pauses.states()
        let found: Array<Found> = []
        for (const [nth, { goal, segments }] of goals.entries()) {
          if (nth % YIELD_AFTER === YIELD_AFTER - 1) yield* Effect.yieldNow
          const span = { from: Math.max(from, after?.[0] ?? from), to, count: limit + 2 }
          for (const ahead of slotsOn(segments, span)) {
            const one = { ...ahead, goal }
            if (after === undefined || compare(keyOf(one), after) > 0) found.push(one)
          }
          if (found.length > 20 * limit) found = found.sort((a, b) => compare(keyOf(a), keyOf(b))).slice(0, limit + 1)
        }
        found = found.sort((a, b) => compare(keyOf(a), keyOf(b))).slice(0, limit + 1)
        const naming = namingFor(caller)
        const entries = found.map((row) => ({ key: keyOf(row), row }))
        return yield* pageOf({ what: "upcoming slots", entries, more: false }, limit, (key: Key) => key, (one) => {
          const { customer_id, goal_instance_id, hired_instance_id } = one.goal
          const reason = reasonOf(one.goal, states, naming)
          return { goal_instance_id, hired_instance_id, customer_id, ...fireOf(one), will_run: reason === null, reason }
        })
      })

      return Upcoming.of({ list })
    }),
  )
}
