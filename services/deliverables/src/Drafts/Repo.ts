/** The SQL of drafts: stored once for each run. */
import { PgClient } from "@effect/sql-pg"
import type { Entry } from "@stint/edge/Paging"
import { decodeEach } from "@stint/edge/Pg/Rows"
import { Context, Effect, Layer, Schema } from "effect"
import { selectRows } from "../Deliverables/Repo.ts"
import { deleteOfDeletedGoals, insertDrafts, type NewDraft } from "../Deliverables/Repo/NewDrafts.ts"
import { type DeliverableRow, ShownRow } from "../Deliverables/Row.ts"

/** Drafts by the keys of their runs. */
export class DraftsRepo extends Context.Service<DraftsRepo, {
  /** The rows stored under these keys, deleted or not; of one that can't be read its key alone. */
  byKeys(
    keys: ReadonlyArray<string>,
  ): Effect.Effect<ReadonlyArray<Entry<DeliverableRow, { readonly idempotency_key: string }>>>
  /**
   * Stores the drafts whose keys are new, and returns those keys. A draft of a goal that was deleted meanwhile is stored
   * as deleted, so that its key is known.
   */
  insert(drafts: ReadonlyArray<NewDraft>): Effect.Effect<ReadonlySet<string>>
}>()("deliverables/DraftsRepo") {
  static readonly layer = Layer.effect(
    DraftsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const decode = decodeEach({
        what: "deliverables",
        Key: Schema.Struct({ idempotency_key: Schema.String }),
        Result: ShownRow,
      })
      const byKeys = (keys: ReadonlyArray<string>) =>
        Effect.flatMap(
          sql`${selectRows(sql)} where d.idempotency_key = any(${[...keys]}::text[])`,
          (rows) => decode(rows as ReadonlyArray<object>),
        )
      const insert = Effect.fnUntraced(function* (drafts: ReadonlyArray<NewDraft>) {
        const inserted = yield* insertDrafts(sql, drafts)
        if (inserted.length > 0) yield* deleteOfDeletedGoals(sql, drafts)
        return new Set(inserted)
      })
      return DraftsRepo.of({
        byKeys: (keys) => Effect.orDie(byKeys(keys)),
        insert: (drafts) => Effect.orDie(insert(drafts)),
      })
    }),
  )
}
