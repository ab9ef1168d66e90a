/** Runs: read and cancel them. A customer sees its own alone. */
import { type Caller, canSee, customerOf } from "@stint/domain/Caller"
import type { ScheduledRunId } from "@stint/domain/Ids"
import { CustomerNotFound, InvalidRequest } from "@stint/domain/Problem"
import {
  type LastRun,
  Run,
  type RunCounts,
  type RunEnd,
  RunFinal,
  RunNotFound,
  type RunStatus,
} from "@stint/domain/scheduler/Runs"
import { runTrace } from "@stint/domain/scheduler/Traces"
import { Ids } from "@stint/edge/Ids"
import { traceUrl } from "@stint/edge/Tracing"
import {
  cursorId,
  CursorMillis,
  decodeCursor,
  DEFAULT_LIMIT,
  type Page,
  pageOf,
  type PageQuery,
} from "@stint/edge/Paging"
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { Digest } from "effect/crypto"
import { namingFor } from "./Names.ts"
import { byOperator } from "./Queue.ts"
import { RunsRepo } from "./Runs/Repo.ts"
import { toRun } from "./Runs/Wire.ts"

const invalidParameter = (name: string, message: string) =>
  new InvalidRequest({ detail: `${name} ${message}`, errors: [{ path: `$.${name}`, message }] })

/** Which runs a person counts, by status. */
export interface RunCountsQuery {
  readonly goal_instance_id?: string
  readonly hired_instance_id?: string
  /** A customer sees its own alone. */
  readonly customer_id?: string
  readonly from?: DateTime.Utc
  readonly to?: DateTime.Utc
}

/** Which runs a person asks for. */
export interface RunsQuery extends RunCountsQuery, PageQuery {
  readonly status?: RunStatus
  readonly agent_id?: string
  readonly late_over_seconds?: number
}

/** Whose last runs a person asks for; a customer sees its own alone. */
export interface LastRunsQuery extends PageQuery {
  readonly goal_instance_id?: string
  readonly hired_instance_id?: string
  readonly customer_id?: string
  readonly status?: RunEnd
}

/** A person's filter as the storage has it. A customer is limited to its own. */
const filterOf = Effect.fnUntraced(function* <Q extends RunCountsQuery>(caller: Caller, query: Q) {
  const { from, to, ...filter } = query
  const customer_id = query.customer_id ?? customerOf(caller)
  if (customer_id !== undefined && !canSee(caller, customer_id)) {
    return yield* new CustomerNotFound({ detail: customer_id })
  }
  return {
    ...filter,
    ...(customer_id === undefined ? {} : { customer_id }),
    ...(from === undefined ? {} : { from: DateTime.toEpochMillis(from) }),
    ...(to === undefined ? {} : { to: DateTime.toEpochMillis(to) }),
  }
})

export class Runs extends Context.Service<Runs, {
  /** The latest slots first. */
  list(caller: Caller, query: RunsQuery): Effect.Effect<Page<Run>, InvalidRequest | CustomerNotFound>
  /** The last run that ended of each goal, by the goals' ids. 400 unless it is of a goal, a hire or a customer. */
  last(caller: Caller, query: LastRunsQuery): Effect.Effect<Page<LastRun>, InvalidRequest | CustomerNotFound>
  /** How many are in each status, up to `MOST_COUNTED`. */
  counts(caller: Caller, query: RunCountsQuery): Effect.Effect<RunCounts, CustomerNotFound>
  get(caller: Caller, id: ScheduledRunId): Effect.Effect<Run, RunNotFound>
  /** Cancels a pending or running run; the draft of a running one is discarded. */
  cancel(caller: Caller, id: ScheduledRunId, reason: string): Effect.Effect<Run, RunNotFound | RunFinal>
}>()("scheduler/Runs") {
  static readonly layer = Layer.effect(
    Runs,
    Effect.gen(function* () {
      const repo = yield* RunsRepo
      const ids = yield* Ids
      const cursorOf = decodeCursor(Schema.Tuple([CursorMillis, cursorId("SCH")]))
      const goalCursorOf = decodeCursor(Schema.Tuple([cursorId("GOI")]))

      const list = Effect.fn("Runs.list")(function* (caller: Caller, query: RunsQuery) {
        const { cursor, limit = DEFAULT_LIMIT, ...asked } = query
        const after = yield* cursorOf(cursor)
        if (query.late_over_seconds !== undefined && query.from === undefined) {
          return yield* invalidParameter("from", "is needed with late_over_seconds")
        }
        const filter = yield* filterOf(caller, asked)
        const rows = yield* repo.list({
          ...filter,
          ...(after === undefined ? {} : { after }),
          limit: limit + 1,
        })
        return yield* pageOf(
          rows,
          limit,
          ({ scheduled_run_id, scheduled_time }) => [scheduled_time, scheduled_run_id],
          (row) => toRun(row, namingFor(caller)),
        )
      })

      const last = Effect.fn("Runs.last")(function* (caller: Caller, query: LastRunsQuery) {
        const { cursor, limit = DEFAULT_LIMIT, ...asked } = query
        const after = yield* goalCursorOf(cursor)
        const filter = yield* filterOf(caller, asked)
        if ((filter.customer_id ?? filter.hired_instance_id ?? filter.goal_instance_id) === undefined) {
          return yield* invalidParameter("customer_id", "is needed, or hired_instance_id or goal_instance_id")
        }
        const rows = yield* repo.last({
          ...filter,
          ...(after === undefined ? {} : { after: after[0] }),
          limit: limit + 1,
        })
        const naming = namingFor(caller)
        return yield* pageOf(
          rows,
          limit,
          ({ goal_instance_id }) => [goal_instance_id],
          ({ enabled, ...row }) => ({ enabled, run: toRun(row, naming) }),
        )
      })

      const counts = Effect.fn("Runs.counts")(function* (caller: Caller, query: RunCountsQuery) {
        return yield* repo.counts(yield* filterOf(caller, query))
      })

      const digest = yield* Digest.Digest
      const urlOf = yield* traceUrl
      const get = Effect.fn("Runs.get")(function* (caller: Caller, id: ScheduledRunId) {
        const found = yield* repo.find(id, customerOf(caller))
        if (Option.isNone(found)) return yield* new RunNotFound({ detail: id })
        const { traceId: trace_id } = yield* runTrace(found.value.idempotency_key)
        // where operators look is nothing for a customer
        const trace_url = customerOf(caller) === undefined ? urlOf(trace_id) : undefined
        return Run.make({
          ...toRun(found.value, namingFor(caller)),
          trace_id,
          ...(trace_url === undefined ? {} : { trace_url }),
        })
      }, Effect.provideService(Digest.Digest, digest))

      const cancel = Effect.fn("Runs.cancel")(
        function* (caller: Caller, id: ScheduledRunId, reason: string) {
          const run = yield* get(caller, id)
          const cancelled = yield* repo.cancel(id, byOperator(caller.subject, reason), {
            log_id: yield* ids.next("LOG"),
            action: "run_cancel",
            operator: caller.subject,
            goal_instance_id: run.goal_instance_id,
            reason,
            action_metadata: { scheduled_run_id: id, hired_instance_id: run.hired_instance_id },
          })
          const now = yield* get(caller, id)
          if (!cancelled) return yield* new RunFinal({ detail: `The run is ${now.status}`, run_status: now.status })
          return now
        },
      )

      return Runs.of({ list, last, counts, get, cancel })
    }),
  )
}
