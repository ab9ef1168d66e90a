/** The action log: what operators and the system did (domain.md, "Audit"). */
import type { ActionLine } from "@stint/domain/scheduler/ActionLog"
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

/** The action log. */
export class ActionLog extends Context.Service<ActionLog, {
  /** The lines of an operator, or of all; the latest first. */
  list(query: PageQuery, operator?: string): Effect.Effect<Page<ActionLine>, InvalidRequest>
}>()("scheduler/ActionLog") {
  static readonly layer = Layer.effect(
    ActionLog,
    Effect.gen(function* () {
      const repo = yield* ActionLogRepo
      const cursorOf = decodeCursor(Schema.Tuple([CursorMillis, cursorId("LOG")]))
      return ActionLog.of({
        list: Effect.fn("ActionLog.list")(function* ({ cursor, limit = DEFAULT_LIMIT }: PageQuery, operator?: string) {
          const rows = yield* repo.list({ operator, after: yield* cursorOf(cursor), limit: limit + 1 })
          return yield* pageOf(rows, limit, ({ log_id, timestamp }) => [timestamp, log_id], toLine)
        }),
      })
    }),
  )
}
