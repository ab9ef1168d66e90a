/** The rules of limits: who may have how many runs under way at once. The claim holds them (Engine/Fair.ts). */
import type { Caller } from "@stint/domain/Caller"
import type { AgentTypeId, CustomerId } from "@stint/domain/Ids"
import type { LimitScope, RunLimit, SetLimit } from "@stint/domain/scheduler/Limits"
import type { InvalidRequest } from "@stint/domain/Problem"
import { Ids } from "@stint/edge/Ids"
import { decodeCursor, DEFAULT_LIMIT, pageOf } from "@stint/edge/Paging"
import { Context, DateTime, Effect, Layer, Schema } from "effect"
import type { Limit } from "./Store.ts"
import { type LimitRow, LimitsRepo } from "./Limits/Repo.ts"
import { Nudge } from "./Nudge.ts"

const rowOf = ({ agent_id, customer_id, every }: LimitScope): Pick<Limit, "kind" | "subject"> =>
  customer_id !== undefined
    ? { kind: "customer", subject: customer_id }
    : agent_id !== undefined
    ? { kind: "agent_type", subject: agent_id }
    : { kind: every === "customer" ? "every_customer" : "every_agent_type", subject: "*" }

const scopeOf = ({ kind, subject }: Pick<Limit, "kind" | "subject">): RunLimit["scope"] => {
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

const limitOf = (row: LimitRow): RunLimit => ({
  scope: scopeOf(row),
  max_running: row.max_running,
  set_by: row.set_by,
  updated_at: DateTime.makeUnsafe(row.updated_at),
})

/** Limits. */
export class Limits extends Context.Service<Limits, {
  /** By kind and subject. */
  list(
    query: { readonly cursor?: string; readonly limit?: number },
  ): Effect.Effect<{ readonly items: ReadonlyArray<RunLimit>; readonly next_cursor: string | null }, InvalidRequest>
  /** Sets one, or takes it away; all replicas hold it from their next claim on. */
  set(caller: Caller, input: SetLimit): Effect.Effect<RunLimit>
}>()("scheduler/Limits") {
  static readonly layerNoDeps = Layer.effect(
    Limits,
    Effect.gen(function* () {
      const repo = yield* LimitsRepo
      const ids = yield* Ids
      const nudge = yield* Nudge
      const cursorOf = decodeCursor(Schema.Tuple([Schema.String, Schema.String]))

      const list = Effect.fn("Limits.list")(function* (query: { readonly cursor?: string; readonly limit?: number }) {
        const limit = query.limit ?? DEFAULT_LIMIT
        const rows = yield* repo.list(yield* cursorOf(query.cursor), limit + 1)
        const page = pageOf(rows, limit, (row) => [row.kind, row.subject])
        return { ...page, items: page.items.map(limitOf) }
      })

      const set = Effect.fn("Limits.set")(function* (caller: Caller, { max_running, reason, scope }: SetLimit) {
        const row = yield* repo.set({ ...rowOf(scope), max_running }, {
          log_id: yield* ids.next("LOG"),
          action: "limit",
          operator: caller.subject,
          goal_instance_id: null,
          reason: reason ?? null,
          action_metadata: { scope: { ...scope }, max_running },
        })
        yield* nudge.here
        return limitOf(row)
      })

      return Limits.of({ list, set })
    }),
  )
}
