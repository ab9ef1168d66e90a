/**
 * The clients of hiring (hires, goals, trials, the feed) and of the catalog (definitions). One that is away is asked once more
 * after a broken connection; then the request fails with 503 `unavailable`, for which the scheduler releases the run.
 */
import { CatalogApi } from "@stint/domain/catalog/AgentTypes"
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import { FeedCursorGone, type FeedPage, type LookedUpHire, type LookupAnswer } from "@stint/domain/hiring/Feed"
import { HiringApi } from "@stint/domain/hiring/Api"
import { type AgentTypeId, type CustomerId, GoalInstanceId, HiredInstanceId, type TrialId } from "@stint/domain/Ids"
import { Unavailable } from "@stint/domain/Problem"
import * as Client from "@stint/edge/Client"
import { CursorGone } from "@stint/edge/Follower"
import { onceMore } from "@stint/edge/Schedules"
import { Context, Effect, Layer, Option } from "effect"
import { HttpClientError } from "effect/http"

/** How long a call may take, except a long poll of the feed. */
const DEADLINE = "3 seconds"
/** How long a long poll of the feed waits for a change, in milliseconds. */
const WAIT_MS = 25_000

const isTransport = (error: unknown) =>
  HttpClientError.isHttpClientError(error) && error.reason._tag === "TransportError"

/** Ids to look up: goals, with their hires, and further hires. At most 1000 of each. */
export interface Lookup {
  readonly goal_instance_ids?: ReadonlyArray<GoalInstanceId>
  readonly hired_instance_ids?: ReadonlyArray<HiredInstanceId>
}

/** The customer of a trial; null when an operator began it. */
export interface TrialOwner {
  readonly customer_id: CustomerId | null
}

/** Hiring's calls that deliverables makes. */
export class Hiring extends Context.Service<Hiring, {
  /** Those of the goals and hires that exist. */
  lookup(ids: Lookup): Effect.Effect<LookupAnswer, Unavailable>
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
      const client = yield* Client.make(HiringApi, { name: "hiring", deadline: DEADLINE })
      const waiting = yield* Client.make(HiringApi, { name: "hiring", deadline: `${WAIT_MS + 5_000} millis` })
      const lookup = (payload: Lookup & { readonly partial: boolean }) =>
        client.feed.lookup({ payload }).pipe(
          Effect.retry({ schedule: onceMore, while: isTransport }),
          Effect.catch(Client.unavailable("hiring")),
        )
      return Hiring.of({
        // An answer ends where it is large, and names what it leaves out
        lookup: Effect.fnUntraced(function* (ids) {
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
          return { goals, hires: [...hires.values()], unread }
        }),
        trial: (id) =>
          client.trials.get({ params: { id } }).pipe(
            Effect.retry({ schedule: onceMore, while: isTransport }),
            Effect.map(({ customer_id = null }) => Option.some<TrialOwner>({ customer_id })),
            Effect.catchTag("TrialNotFound", () => Effect.succeed(Option.none<TrialOwner>())),
            Effect.catch(Client.unavailable("hiring")),
          ),
        changes: (after) =>
          waiting.feed.changes({ query: { after, wait_ms: WAIT_MS } }).pipe(
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
      return Catalog.of({
        definition: (type, version) =>
          client.agentTypes.get({ params: { type }, query: { version } }).pipe(
            Effect.retry({ schedule: onceMore, while: isTransport }),
            Effect.map(Option.some<AgentTypeDefinition>),
            Effect.catchTag("AgentTypeNotFound", () => Effect.succeed(Option.none<AgentTypeDefinition>())),
            Effect.catch(Client.unavailable("catalog")),
          ),
      })
    }),
  )
}
