/**
 * The clients of hiring (hires, goals, trials, the feed), of the catalog (definitions) and of the scheduler (how runs ended). One that is away is asked once more
 * after a broken connection; then the request fails with 503 `unavailable`, for which the scheduler releases the run. A lookup
 * that fails while hiring is there is made again for fewer goals: what fails alone is named, and the rest goes on.
 */
import { serviceApi } from "@stint/domain/ServiceApi"
import { CatalogApi } from "@stint/domain/catalog/AgentTypes"
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import {
  FeedCursorGone,
  FeedGroup,
  type FeedPage,
  type LookedUpHire,
  type LookupAnswer,
} from "@stint/domain/hiring/Feed"
import { TrialsGroup } from "@stint/domain/hiring/Trials"
import { type Outcomes, OutcomesGroup } from "@stint/domain/scheduler/Outcomes"
import { type AgentTypeId, type CustomerId, GoalInstanceId, HiredInstanceId, type TrialId } from "@stint/domain/Ids"
import { Unauthorized, Unavailable, WrongRole } from "@stint/domain/Problem"
import { type Fault, wordsOf } from "@stint/edge/Absence"
import * as Client from "@stint/edge/Client"
import { CursorGone } from "@stint/edge/Follower"
import { faultOf, Neighbours } from "@stint/edge/Neighbours"
import { onceMore } from "@stint/edge/Schedules"
import { Context, type DateTime, Effect, Layer, Option } from "effect"
import { sharedLookup } from "./Clients/Shared.ts"

/** How long a call may take, except a long poll of the feed. */
const DEADLINE = "3 seconds"
/** How long a long poll of the feed waits for a change, in milliseconds. */
const WAIT_MS = 25_000
/** How many changes a page of the feed has at most: as many as hiring gives, so that a reader that is behind asks seldom. */
export const PAGE = 1_000

/** The connection broke, as an idle one may: not a time-out, after which asking again would take as long once more. */
const isBroken = (error: unknown) => faultOf(error)?.how === "refused"

/** The call got no answer in time. */
const isSilent = (error: unknown) => faultOf(error)?.how === "timed_out"

/** Ids to look up: goals, with their hires, and further hires. At most 1000 of each. */
export interface Lookup {
  readonly goal_instance_ids?: ReadonlyArray<GoalInstanceId>
  readonly hired_instance_ids?: ReadonlyArray<HiredInstanceId>
}

const isOne = ({ goal_instance_ids: goals = [], hired_instance_ids: hires = [] }: Lookup) =>
  goals.length + hires.length <= 1

/** What was found; `failed` are goals and hires whose lookup failed, each alone, though hiring is there. */
export interface FoundAnswer extends LookupAnswer {
  readonly failed?: ReadonlyArray<string>
}

/** The customer of a trial; null when an operator began it. */
export interface TrialOwner {
  readonly customer_id: CustomerId | null
}

/** The service that was called is away; its name and how are in the detail. */
const isAway = (error: unknown): error is Unavailable => error instanceof Unavailable

/**
 * Says what a call found of the service that it is of. One that is away fails with Unavailable, which names it; after a time-out
 * it is asked whether it is there, since it may be slow at this call alone.
 */
const makeReach = Effect.fnUntraced(function* (name: "catalog" | "hiring") {
  const neighbours = yield* Neighbours
  const away = (fault: Fault) => new Unavailable({ detail: `${name} is away: ${wordsOf(fault)}` })
  const fault = (error: unknown): Fault | undefined => {
    if (error instanceof Unauthorized || error instanceof WrongRole) {
      return { how: "token_refused", detail: error.message }
    }
    return error instanceof Unavailable ? { how: "unavailable", detail: error.message } : faultOf(error)
  }
  const judge = <E>(error: E): Effect.Effect<never, E | Unavailable> => {
    const found = fault(error)
    if (found === undefined) return Effect.fail(error)
    if (found.how !== "timed_out") return Effect.andThen(neighbours.failed(name, found), Effect.fail(away(found)))
    return Effect.flatMap(
      neighbours.ask(name),
      (said): Effect.Effect<never, E | Unavailable> => Effect.fail(said === undefined ? error : away(said)),
    )
  }
  return <A, E, R>(call: Effect.Effect<A, E, R>): Effect.Effect<A, E | Unavailable, R> =>
    call.pipe(Effect.tap(() => neighbours.answered(name)), Effect.catch(judge))
})

/** A whole lookup: an answer ends where it is large, and names what it leaves out. */
const wholeLookup = <E>(lookup: (payload: Lookup & { readonly partial: boolean }) => Effect.Effect<LookupAnswer, E>) =>
  Effect.fnUntraced(function* (ids: Lookup) {
    const first = yield* lookup({ ...ids, partial: true })
    let { omitted } = first
    if (omitted === undefined) return first
    const goals = [...first.goals]
    const hires = new Map(first.hires.map((hire) => [hire.hired_instance_id, hire]))
    const unread = { goals: [...first.unread?.goals ?? []], hires: [...first.unread?.hires ?? []] }
    while (omitted !== undefined) {
      const more: LookupAnswer = yield* lookup({
        goal_instance_ids: omitted.goals.map((id) => GoalInstanceId.make(id)),
        hired_instance_ids: omitted.hires.map((id) => HiredInstanceId.make(id)),
        partial: true,
      })
      goals.push(...more.goals)
      for (const hire of more.hires) hires.set(hire.hired_instance_id, hire)
      unread.goals.push(...more.unread?.goals ?? [])
      unread.hires.push(...more.unread?.hires ?? [])
      omitted = more.omitted
    }
    return { goals, hires: [...hires.values()], unread } satisfies LookupAnswer
  })

/** How many ids a lookup has that failed for more, and how many of those run at once. */
const FEWER = 10
const AT_ONCE = 8

/** The lookup, made again for fewer when it fails though hiring is there. What fails alone is in `failed`. */
const splitting = <E>(lookup: (ids: Lookup) => Effect.Effect<LookupAnswer, E>) => {
  // no answer, and there when asked: hiring may have come back in between, so one alone is to blame once it is silent twice
  const twice = (ids: Lookup) =>
    Effect.retry(lookup(ids), { times: 1, while: (error) => isOne(ids) && isSilent(error) })
  const part = (ids: Lookup): Effect.Effect<FoundAnswer, Unavailable> =>
    Effect.catch(twice(ids), (error): Effect.Effect<FoundAnswer, Unavailable> => {
      if (isAway(error)) return Effect.fail(error)
      const { goal_instance_ids: goals = [], hired_instance_ids: hires = [] } = ids
      const count = goals.length + hires.length
      const why = String(error).slice(0, 200)
      if (isOne(ids)) {
        return Effect.as(Effect.logWarning(`hiring's lookup of ${[...goals, ...hires].join()} failed: ${why}`), {
          goals: [],
          hires: [],
          failed: [...goals, ...hires],
        })
      }
      const size = count > FEWER ? FEWER : 1
      const parts = [
        ...chunksOf(goals, size).map((some): Lookup => ({ goal_instance_ids: some })),
        ...chunksOf(hires, size).map((some): Lookup => ({ hired_instance_ids: some })),
      ]
      return Effect.logWarning(`hiring's lookup of ${count} ids failed, and is made for fewer: ${why}`).pipe(
        Effect.andThen(Effect.forEach(parts, part, { concurrency: AT_ONCE })),
        Effect.map(together),
      )
    })
  return part
}

const chunksOf = <A>(all: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size))

const together = (parts: ReadonlyArray<FoundAnswer>): FoundAnswer => ({
  goals: parts.flatMap(({ goals }) => goals),
  hires: [...new Map(parts.flatMap(({ hires }) => hires).map((hire) => [hire.hired_instance_id, hire])).values()],
  unread: {
    goals: parts.flatMap(({ unread }) => unread?.goals ?? []),
    hires: parts.flatMap(({ unread }) => unread?.hires ?? []),
  },
  failed: parts.flatMap(({ failed = [] }) => failed),
})

/** Hiring's calls that deliverables makes. */
export class Hiring extends Context.Service<Hiring, {
  /**
   * Those of the goals and hires that exist. `apart`: when it fails though hiring is there, it is made again for fewer, and
   * `failed` has what failed alone; else it fails whole. Lookups of one hire that are asked at the same time are one.
   */
  lookup(ids: Lookup, options?: { readonly apart?: boolean }): Effect.Effect<FoundAnswer, Unavailable>
  /** The owner of a trial; none when there is no such trial. */
  trial(id: TrialId): Effect.Effect<Option.Option<TrialOwner>, Unavailable>
  /** The changes after a cursor. A long poll: it answers when there is a change, or with none after 25 seconds. */
  changes(after: string): Effect.Effect<FeedPage, CursorGone | Unavailable>
  /** The cursor of the feed's end. */
  readonly feedCursor: Effect.Effect<string, Unavailable>
}>()("deliverables/Hiring") {
  static readonly layer = Layer.effect(
    Hiring,
    Effect.gen(function* () {
      const client = yield* Client.make(serviceApi("hiring", FeedGroup, TrialsGroup), {
        name: "hiring",
        deadline: DEADLINE,
      })
      const waiting = yield* Client.make(serviceApi("hiring", FeedGroup), {
        name: "hiring",
        deadline: `${WAIT_MS + 5_000} millis`,
      })
      const reach = yield* makeReach("hiring")
      const lookup = (payload: Lookup & { readonly partial: boolean }) =>
        client.feed.lookup({ payload }).pipe(
          // 0.2.0 does not know the field, and answers all at once
          Effect.catchTag("InvalidRequest", () => {
            const { partial: _, ...known } = payload
            return client.feed.lookup({ payload: known })
          }),
          Effect.retry({ schedule: onceMore, while: isBroken }),
          reach,
        )
      const whole = wholeLookup(lookup)
      const apart = splitting(whole)
      const atOnce = (ids: Lookup) => Effect.catch(whole(ids), Client.unavailable("hiring"))
      const ofOne = yield* sharedLookup((ids) => isOne(ids) ? atOnce(ids) : apart(ids))
      return Hiring.of({
        lookup: (ids, options) => {
          if (options?.apart === true) return apart(ids)
          const { goal_instance_ids: goals = [], hired_instance_ids: hires = [] } = ids
          return goals.length === 0 && hires.length === 1 ? ofOne(hires[0]!) : atOnce(ids)
        },
        trial: (id) =>
          client.trials.get({ params: { id } }).pipe(
            Effect.retry({ schedule: onceMore, while: isBroken }),
            Effect.map(({ customer_id = null }) => Option.some<TrialOwner>({ customer_id })),
            Effect.catchTag("TrialNotFound", () => Effect.succeed(Option.none<TrialOwner>())),
            reach,
            Effect.catch(Client.unavailable("hiring")),
          ),
        changes: (after) =>
          waiting.feed.changes({ query: { after, wait_ms: WAIT_MS, limit: PAGE } }).pipe(
            Effect.catch((error): Effect.Effect<never, CursorGone | Unavailable> =>
              error instanceof FeedCursorGone
                ? Effect.fail(new CursorGone({ why: error.detail ?? error.message }))
                : Effect.fail(new Unavailable({ detail: `hiring does not answer: ${error}` }))
            ),
          ),
        feedCursor: client.feed.snapshot({ query: { limit: 1 } }).pipe(
          Effect.map((page) => page.feed_cursor),
          Effect.catch(Client.unavailable("hiring")),
        ),
      })
    }),
  )
}

/** Looks up one hire; undefined when there is no such hire. */
export const hireOf = (hiring: Hiring["Service"], id: HiredInstanceId): Effect.Effect<
  LookedUpHire | undefined,
  Unavailable
> =>
  Effect.flatMap(hiring.lookup({ hired_instance_ids: [id] }), ({ hires, unread }) =>
    // it exists, and hiring can't read it: that is not said to be gone
    hires[0] === undefined && unread?.hires.includes(id)
      ? new Unavailable({ detail: `hiring can't read ${id} now` })
      : Effect.succeed(hires[0]))

/** The catalog's calls that deliverables makes. */
export class Catalog extends Context.Service<Catalog, {
  /** One version of a definition; none when it is not published. */
  definition(type: AgentTypeId, version: string): Effect.Effect<Option.Option<AgentTypeDefinition>, Unavailable>
}>()("deliverables/Catalog") {
  static readonly layer = Layer.effect(
    Catalog,
    Effect.gen(function* () {
      const client = yield* Client.make(CatalogApi, { name: "catalog", deadline: DEADLINE })
      const reach = yield* makeReach("catalog")
      return Catalog.of({
        definition: (type, version) =>
          client.agentTypes.get({ params: { type }, query: { version } }).pipe(
            Effect.retry({ schedule: onceMore, while: isBroken }),
            Effect.map(Option.some<AgentTypeDefinition>),
            Effect.catchTag("AgentTypeNotFound", () => Effect.succeed(Option.none<AgentTypeDefinition>())),
            reach,
            Effect.catch(Client.unavailable("catalog")),
          ),
      })
    }),
  )
}

/** The scheduler's call that deliverables makes. */
export class Scheduler extends Context.Service<Scheduler, {
  /** How the runs of one hire, or of one customer, with slots in [from, to) stand. */
  outcomes(
    whose: { readonly hired_instance_id: HiredInstanceId } | { readonly customer_id: CustomerId },
    from: DateTime.Utc,
    to: DateTime.Utc,
  ): Effect.Effect<Outcomes, Unavailable>
}>()("deliverables/Scheduler") {
  static readonly layer = Layer.effect(
    Scheduler,
    Effect.gen(function* () {
      const client = yield* Client.make(serviceApi("scheduler", OutcomesGroup), {
        name: "scheduler",
        deadline: DEADLINE,
      })
      return Scheduler.of({
        outcomes: (whose, from, to) =>
          client.outcomes.count({ query: { ...whose, from, to } }).pipe(
            Effect.retry({ schedule: onceMore, while: isBroken }),
            Effect.catch(Client.unavailable("scheduler")),
          ),
      })
    }),
  )
}
