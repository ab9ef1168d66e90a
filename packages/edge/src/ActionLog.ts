/** A service's action log: reading it, and the line of what an operator does (domain.md, "Audit"). */
import type { ActionLine, NewActionLine } from "@stint/domain/ActionLine"
import { CurrentCaller } from "@stint/domain/Caller"
import type { InvalidRequest } from "@stint/domain/Problem"
import type { JsonObject } from "@stint/domain/Protocol"
import { Context, Effect, Layer, Schema } from "effect"
import { ActionLogRepo } from "./ActionLog/Repo.ts"
import { Ids } from "./Ids.ts"
import { cursorId, CursorMillis, decodeCursor, DEFAULT_LIMIT, type Page, pageOf, type PageQuery } from "./Paging.ts"

/** The action log of the service. */
export class ActionLog extends Context.Service<ActionLog, {
  /** The lines of an operator, or of all; the latest first. */
  list(query: PageQuery, operator?: string): Effect.Effect<Page<ActionLine>, InvalidRequest>
}>()("stint/ActionLog") {
  static readonly layer = Layer.effect(
    ActionLog,
    Effect.gen(function* () {
      const repo = yield* ActionLogRepo
      const cursorOf = decodeCursor(Schema.Tuple([CursorMillis, cursorId("LOG")]))
      return ActionLog.of({
        list: Effect.fn("ActionLog.list")(function* ({ cursor, limit = DEFAULT_LIMIT }: PageQuery, operator?: string) {
          const rows = yield* repo.list({ operator, after: yield* cursorOf(cursor), limit: limit + 1 })
          return yield* pageOf(rows, limit, ({ log_id, timestamp }) => [timestamp.getTime(), log_id])
        }),
      })
    }),
  )
}

/**
 * Makes the function that gives the line of what the caller does, for the transaction of the action; undefined unless the
 * caller is an operator: what customers do with their own things is no operator's act. The same request, repeated, has the
 * same line.
 */
export const operatorsLines = <Action extends string>() =>
  Effect.map(Ids, (ids) =>
    Effect.fnUntraced(function* (action: Action, action_metadata: JsonObject) {
      const { role, subject } = yield* CurrentCaller
      if (role !== "operator") return undefined
      const line: NewActionLine = { log_id: yield* ids.next("LOG"), action, operator: subject, action_metadata }
      return line
    }))
