/** The action log: what operators and the system did (domain.md, "Audit"). */
import type { Action, ActionLine } from "@stint/domain/scheduler/ActionLog"
import type { InvalidRequest } from "@stint/domain/Problem"
import {
  cursorId,
  CursorMillis,
  decodeCursor,
  DEFAULT_LIMIT,
  type Page,
  pageOf,
  type PageQuery,
} from "@stint/edge/Paging"
import { Context, DateTime, Effect, Layer, Schema } from "effect"
import { ActionLogRepo } from "./ActionLog/Repo.ts"
import type { ActionRow } from "./ActionLog/Row.ts"

const toLine = ({ timestamp, ...row }: ActionRow): ActionLine =>
  ({ ...row, timestamp: DateTime.makeUnsafe(timestamp) }) as ActionLine

/** Which lines a person asks for. */
export interface ActionsQuery extends PageQuery {
  readonly action?: Action
  readonly from?: DateTime.Utc
  readonly to?: DateTime.Utc
}

/** The action log. */
export class ActionLog extends Context.Service<ActionLog, {
  /** The lines of an operator, or of all; the latest first. */
  list(query: ActionsQuery, operator?: string): Effect.Effect<Page<ActionLine>, InvalidRequest>
}>()("scheduler/ActionLog") {
  static readonly layer = Layer.effect(
    ActionLog,
    Effect.gen(function* () {
      const repo = yield* ActionLogRepo
      const cursorOf = decodeCursor(Schema.Tuple([CursorMillis, cursorId("LOG")]))
      return ActionLog.of({
        list: Effect.fn("ActionLog.list")(function* (query: ActionsQuery, operator?: string) {
          const { action, cursor, from, limit = DEFAULT_LIMIT, to } = query
          const rows = yield* repo.list({
            operator,
            action,
            from: from && DateTime.toEpochMillis(from),
            to: to && DateTime.toEpochMillis(to),
            after: yield* cursorOf(cursor),
            limit: limit + 1,
          })
          return yield* pageOf(rows, limit, ({ log_id, timestamp }) => [timestamp, log_id], toLine)
        }),
      })
    }),
  )
}
