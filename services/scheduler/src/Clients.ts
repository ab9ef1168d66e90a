/** The clients of the other services, with failures classed by what they mean for a run. */
import { instantOf } from "@stint/domain/Instants"
import { serviceApi } from "@stint/domain/ServiceApi"
import { type BatchAnswer, DraftsGroup } from "@stint/domain/deliverables/Drafts"
import { MakingsGroup } from "@stint/domain/deliverables/Makings"
import { type DeadLetterTold, NoticesGroup } from "@stint/domain/deliverables/Notices"
import { FeedGroup, type FeedPage, type LookupAnswer, revisionOf, type SnapshotPage } from "@stint/domain/hiring/Feed"
import type { GoalInstanceId } from "@stint/domain/Ids"
import { runKey } from "@stint/domain/scheduler/Runs"
import { How } from "@stint/edge/Absence"
import * as Client from "@stint/edge/Client"
import { faultOf } from "@stint/edge/Neighbours"
import { PortCheck } from "@stint/edge/PortCheck"
import { Context, Effect, Layer, Schema } from "effect"
import type { ClaimedRun, Versions } from "./Model.ts"

/**
 * Deliverables was not reached, refused the scheduler's own token, or can't do its part since what it needs is away: no run was
 * begun, so no attempt is charged.
 */
export class Away extends Schema.TaggedError<Away>()("Away", {
  message: Schema.String,
  how: How.pipe(Schema.withConstructorDefault(Effect.succeed("unavailable" as const))),
}) {}

/**
 * The request was sent and failed. Whether drafts were made is unknown; a retry under the same keys finds out. `type` is the
 * code of the answer, or one of NO_ANSWER.
 */
export class CallFailed extends Schema.TaggedError<CallFailed>()("CallFailed", {
  type: Schema.String,
  message: Schema.String,
}) {}

/** Types of a call that got no answer, or half of one: it was too slow, or its connection broke. */
export const NO_ANSWER: ReadonlySet<string> = new Set(["TIMEOUT", "TRANSPORT"])

const client = Client.make(serviceApi("deliverables", DraftsGroup, MakingsGroup, NoticesGroup), {
  name: "deliverables",
  deadline: "30 seconds",
})
type Failure = Effect.Error<ReturnType<Effect.Success<typeof client>["drafts"]["createBatch"]>>

/** What a failed call means for its runs. */
const failureOf = (error: Failure): Away | CallFailed => {
  switch (error._tag) {
    case "Unauthorized":
    case "WrongRole":
      return new Away({ how: "token_refused", message: error.message })
    case "Unavailable":
      return new Away({ message: error.message })
    case "SchemaError":
      return new CallFailed({ type: "UNREADABLE", message: "the reply of deliverables does not match its contract" })
    case "HttpClientError": {
      // in another format than ours, for instance by a proxy
      const fault = faultOf(error)
      if (error.response !== undefined && fault !== undefined) {
        return new Away({ how: fault.how, message: fault.detail })
      }
      if (error.response?.status === 429) return new Away({ message: "it answered 429" })
      const unanswered = fault?.how === "timed_out" ? "TIMEOUT" : "TRANSPORT"
      return new CallFailed({
        type: error.response === undefined ? unanswered : `HTTP_${error.response.status}`,
        message: fault?.detail ?? `the call to deliverables broke (${error.reason._tag})`,
      })
    }
    default:
      return new CallFailed({ type: error.code, message: error.message })
  }
}

const revisionsOf = (known: Versions | undefined) =>
  known === undefined ? {} : {
    goal_revision: revisionOf(known.goal_version, known.goal_changed_at),
    hire_revision: revisionOf(known.hire_version, known.hire_changed_at),
  }

/** What 0.2.0 does not know, and refuses: asked without, it looks goals and hires up, and answers with deliverables. */
const NEW_FIELDS = /^\$\.(answer|items\[\d+\]\.(attempt|(goal|hire)_revision))$/
const isOlder = (error: Failure): boolean =>
  error._tag === "InvalidRequest" && (error.errors ?? []).some(({ path }) => NEW_FIELDS.test(path))

const itemOf = (run: ClaimedRun) => ({
  idempotency_key: runKey(run.goal_instance_id, run.scheduled_time),
  goal_instance_id: run.goal_instance_id,
  hired_instance_id: run.hired_instance_id,
  scheduled_time: instantOf(run.scheduled_time),
})

/** Makes drafts, in deliverables. */
export class Drafts extends Context.Service<Drafts, {
  /**
   * The answer for each run, by its key, with the id of its draft. A draft is made under no older versions than these, of
   * goals by their id; of a run whose goal is not among them, by what hiring says.
   */
  make(
    runs: ReadonlyArray<ClaimedRun>,
    versions?: ReadonlyMap<string, Versions>,
  ): Effect.Effect<ReadonlyArray<BatchAnswer>, Away | CallFailed>
  /** The runs of these keys are cancelled: what is being made for them is not wanted any more. */
  cancelMakings(keys: ReadonlyArray<string>): Effect.Effect<void, Away | CallFailed>
  /** Dead letters, for the people of their customers. */
  tellDeadLetters(letters: ReadonlyArray<DeadLetterTold>): Effect.Effect<void, Away | CallFailed>
}>()("scheduler/Drafts") {
  static readonly layer = Layer.effect(
    Drafts,
    Effect.gen(function* () {
      const ports = yield* PortCheck
      const url = yield* Client.urlOf("deliverables")
      const { drafts, makings, notices } = yield* client
      return Drafts.of({
        make: Effect.fnUntraced(function* (runs, versions = new Map()) {
          yield* Effect.mapError(ports.check(url), ({ message }) => new Away({ how: "refused", message }))
          const items = runs.map((run) => ({
            ...itemOf(run),
            ...revisionsOf(versions.get(run.goal_instance_id)),
            attempt: String(run.fence),
          }))
          const answer = yield* drafts.createBatch({ payload: { items, answer: "ids" } }).pipe(
            Effect.catchIf(isOlder, () => drafts.createBatch({ payload: { items: runs.map(itemOf) } })),
            Effect.mapError(failureOf),
          )
          return answer.items
        }),
        cancelMakings: (keys) =>
          makings.cancel({ payload: { keys } }).pipe(
            // 0.2.0 makes nothing slowly
            Effect.catchIf(
              (error) => error._tag === "HttpClientError" && error.response?.status === 404,
              () => Effect.void,
            ),
            Effect.mapError(failureOf),
            Effect.asVoid,
          ),
        tellDeadLetters: (items) =>
          notices.deadLetters({ payload: { items } }).pipe(Effect.mapError(failureOf), Effect.asVoid),
      })
    }),
  )
}

/** How many changes a page of the feed has at most: as many as hiring gives, so that a reader that is behind asks seldom. */
export const PAGE = 1_000

/** Hiring's feed and lookup. */
export class Hiring extends Context.Service<Hiring, {
  changes(after: string, waitMs: number): Effect.Effect<FeedPage, FeedGone | CallFailed>
  snapshot(next: string | undefined): Effect.Effect<SnapshotPage, CallFailed>
  lookup(goal: GoalInstanceId): Effect.Effect<LookupAnswer, CallFailed>
}>()("scheduler/Hiring") {
  static readonly layer = Layer.effect(
    Hiring,
    Effect.gen(function* () {
      const client = yield* Client.make(serviceApi("hiring", FeedGroup), { name: "hiring", deadline: "40 seconds" })
      const failed = (error: { readonly _tag: string; readonly message: string }) =>
        new CallFailed({ type: error._tag, message: error.message })
      return Hiring.of({
        changes: (after, wait_ms) =>
          client.feed.changes({ query: { after, wait_ms, limit: PAGE } }).pipe(
            Effect.mapError((error) =>
              error._tag === "FeedCursorGone" ? new FeedGone({ why: error.detail ?? error.message }) : failed(error)
            ),
          ),
        snapshot: (next) =>
          client.feed.snapshot({ query: { limit: 500, ...(next === undefined ? {} : { next }) } }).pipe(
            Effect.mapError(failed),
          ),
        lookup: (goal) =>
          client.feed.lookup({ payload: { goal_instance_ids: [goal] } }).pipe(
            Effect.timeout("3 seconds"),
            Effect.mapError(failed),
          ),
      })
    }),
  )
}

/** The feed no longer has the changes after our cursor: start again from the snapshot. */
export class FeedGone extends Schema.TaggedError<FeedGone>()("FeedGone", { why: Schema.String }) {}
