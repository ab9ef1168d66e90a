/** Limits: how many runs of a customer or of an agent type may be running at once. The claim enforces them. */
import type { Caller } from "@stint/domain/Caller"
import type { AgentTypeId, CustomerId } from "@stint/domain/Ids"
import { CustomerNotFound, type InvalidRequest } from "@stint/domain/Problem"
import type { LimitScope, RunLimit, SetLimit } from "@stint/domain/scheduler/Limits"
import { Ids } from "@stint/edge/Ids"
import { CursorText, decodeCursor, DEFAULT_LIMIT, type Page, pageOf, type PageQuery } from "@stint/edge/Paging"
import { Context, DateTime, Effect, Layer, Schema } from "effect"
import { LimitsRepo } from "./Limits/Repo.ts"
import { type LimitKey, LimitKind, type LimitRow } from "./Limits/Row.ts"
import { Nudge } from "./Nudge.ts"
import { ProjectionRepo } from "./Projection/Repo.ts"

const toKey = ({ agent_id, customer_id, every }: LimitScope): LimitKey =>
  customer_id !== undefined
    ? { kind: "customer", subject: customer_id }
    : agent_id !== undefined
    ? { kind: "agent_type", subject: agent_id }
    : { kind: every === "customer" ? "every_customer" : "every_agent_type", subject: "*" }

const toScope = ({ kind, subject }: LimitKey): RunLimit["scope"] => {
  switch (kind) {
    case "customer":
      return { customer_id: subject as CustomerId }
    case "agent_type":
      return { agent_id: subject as AgentTypeId }
    case "every_customer":
      return { every: "customer" }
    case "every_agent_type":
      return { every: "agent_type" }
  }
}

const toLimit = (row: LimitRow): RunLimit => ({
  scope: toScope(row),
  max_running: row.max_running,
  set_by: row.set_by,
  updated_at: DateTime.makeUnsafe(row.updated_at),
})

export class Limits extends Context.Service<Limits, {
  /** By kind and subject. */
  list(query: PageQuery): Effect.Effect<Page<RunLimit>, InvalidRequest>
  /** Sets or removes a limit. It binds all replicas from their next claim on. */
  set(caller: Caller, input: SetLimit): Effect.Effect<RunLimit, CustomerNotFound>
}>()("scheduler/Limits") {
  static readonly layer = Layer.effect(
    Limits,
    Effect.gen(function* () {
      const repo = yield* LimitsRepo
      const projection = yield* ProjectionRepo
      const ids = yield* Ids
      const nudge = yield* Nudge
      const cursorOf = decodeCursor(Schema.Tuple([LimitKind, CursorText]))

      const list = Effect.fn("Limits.list")(function* ({ cursor, limit = DEFAULT_LIMIT }: PageQuery) {
        const rows = yield* repo.list({ after: yield* cursorOf(cursor), limit: limit + 1 })
        return yield* pageOf(rows, limit, ({ kind, subject }) => [kind, subject], toLimit)
      })

      const set = Effect.fn("Limits.set")(function* (caller: Caller, { max_running, reason, scope }: SetLimit) {
        // a limit of a customer that is gone can still be removed
        if (
          scope.customer_id !== undefined && max_running !== null &&
          !(yield* projection.knowsCustomer(scope.customer_id))
        ) return yield* new CustomerNotFound({ detail: `The scheduler has no hire of a customer ${scope.customer_id}` })
        const row = yield* repo.set({ ...toKey(scope), max_running }, {
          log_id: yield* ids.next("LOG"),
          action: "limit",
          operator: caller.subject,
          goal_instance_id: null,
          reason,
          action_metadata: { scope: { ...scope }, max_running },
        })
        yield* nudge.here
        return toLimit(row)
      })

      return Limits.of({ list, set })
    }),
  )
}
