/** The rules of reading and cancelling runs. */
import type { Caller } from "@stint/domain/Caller"
import type { ScheduledRunId } from "@stint/domain/Ids"
import type { InvalidRequest } from "@stint/domain/Problem"
import { Run, RunFinal, RunNotFound, type RunStatus } from "@stint/domain/scheduler/Runs"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, pageOf } from "@stint/edge/Paging"
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { reasonFor } from "./Answers/Judgement.ts"
import { namingFor } from "./Answers/Words.ts"
import { byOperator } from "./Queue.ts"
import { RunsRepo } from "./Runs/Repo.ts"

/** Which runs a person asks for. */
export interface RunsQuery {
  readonly goal_instance_id?: string
  readonly hired_instance_id?: string
  readonly status?: RunStatus
  readonly cursor?: string
  readonly limit?: number
}

/** Runs; a customer sees only its own, and no operator's name. */
export class Runs extends Context.Service<Runs, {
  list(
    caller: Caller,
    query: RunsQuery,
  ): Effect.Effect<{ readonly items: ReadonlyArray<Run>; readonly next_cursor: string | null }, InvalidRequest>
  get(caller: Caller, id: ScheduledRunId): Effect.Effect<Run, RunNotFound>
  /** Cancels a waiting or running run: what a running one makes is discarded. A final one is a RunFinal. */
  cancel(caller: Caller, id: ScheduledRunId, reason: string | undefined): Effect.Effect<Run, RunNotFound | RunFinal>
}>()("scheduler/Runs") {
  static readonly layerNoDeps = Layer.effect(
    Runs,
    Effect.gen(function* () {
      const repo = yield* RunsRepo
      const ids = yield* Ids
      const cursorOf = decodeCursor(Schema.Tuple([Schema.Finite, Schema.String]))
      const own = (caller: Caller) => caller.role === "customer" ? caller.subject : undefined

      const asReadBy = (caller: Caller, run: Run): Run =>
        run.reason === null
          ? run
          : Run.make({ ...run, reason: reasonFor(run.reason, namingFor(caller.role, caller.subject)) })

      const list = Effect.fn("Runs.list")(function* (caller: Caller, query: RunsQuery) {
        const { cursor, limit = DEFAULT_LIMIT, ...filter } = query
        const after = yield* cursorOf(cursor)
        const customer_id = own(caller)
        const rows = yield* repo.list({
          ...filter,
          ...(customer_id === undefined ? {} : { customer_id }),
          ...(after === undefined ? {} : { after }),
          limit: limit + 1,
        })
        const told = rows.map((run) => asReadBy(caller, run))
        return pageOf(told, limit, (run) => [DateTime.toEpochMillis(run.scheduled_time), run.scheduled_run_id])
      })

      const get = Effect.fn("Runs.get")(function* (caller: Caller, id: ScheduledRunId) {
        const found = yield* repo.find(id, own(caller))
        return Option.isSome(found) ? asReadBy(caller, found.value) : yield* new RunNotFound({ detail: id })
      })

      const cancel = Effect.fn("Runs.cancel")(
        function* (caller: Caller, id: ScheduledRunId, reason: string | undefined) {
          const run = yield* get(caller, id)
          const cancelled = yield* repo.cancel(
            id,
            byOperator(caller.subject, reason),
            {
              log_id: yield* ids.next("LOG"),
              action: "run_cancel",
              operator: caller.subject,
              goal_instance_id: run.goal_instance_id,
              reason: reason ?? null,
              action_metadata: { scheduled_run_id: id, hired_instance_id: run.hired_instance_id },
            },
          )
          const now = yield* get(caller, id)
          if (!cancelled) return yield* new RunFinal({ detail: `The run is ${now.status}`, run_status: now.status })
          return now
        },
      )

      return Runs.of({ list, get, cancel })
    }),
  )
}
