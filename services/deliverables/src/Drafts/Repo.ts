/** Where drafts are stored, once for each run. One method per atomic unit. */
import { PgClient } from "@effect/sql-pg"
import type { CustomerId, DeliverableId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import type { DraftPayload } from "@stint/domain/Payload"
import { Context, DateTime, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { columns, from } from "../Deliverables/Repo/Columns.ts"
import { DeliverableRow } from "../Deliverables/Row.ts"
import { joined, MemoryTables } from "../MemoryTables.ts"

/** A draft that is to be stored. */
export interface NewDraft {
  readonly deliverable_id: DeliverableId
  readonly hired_instance_id: HiredInstanceId
  readonly goal_instance_id: GoalInstanceId
  readonly goal_template_id: string
  readonly title: string
  readonly payload: DraftPayload
  readonly idempotency_key: string
  readonly customer_id: CustomerId
  readonly scheduled_time: DateTime.Utc
  readonly approval_required: boolean
  readonly created_at: DateTime.Utc
}

/** Drafts by the keys of their runs. */
export class DraftsRepo extends Context.Service<DraftsRepo, {
  /** What is stored under these keys, deleted or not. */
  byKeys(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<DeliverableRow>>
  /**
   * Stores those whose key is new; the keys that it stored. A draft whose goal was deleted meanwhile is stored deleted,
   * so that its run is known.
   */
  insert(drafts: ReadonlyArray<NewDraft>): Effect.Effect<ReadonlySet<string>>
}>()("deliverables/DraftsRepo") {
  static readonly layerPg = Layer.effect(
    DraftsRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const byKeys = SqlSchema.findAll({
        Request: Schema.Array(Schema.String),
        Result: DeliverableRow,
        execute: (keys) => sql`select ${columns(sql)} ${from(sql)} where d.idempotency_key = any(${keys}::text[])`,
      })
      const insertNew = SqlSchema.findAll({
        Request: Schema.String,
        Result: Schema.Struct({ idempotency_key: Schema.String }),
        execute: (rows) =>
          sql`insert into deliverables (deliverable_id, hired_instance_id, goal_instance_id, goal_template_id, title,
                payload, idempotency_key, customer_id, scheduled_time, approval_required, created_at, updated_at)
              select deliverable_id, hired_instance_id, goal_instance_id, goal_template_id, title,
                payload, idempotency_key, customer_id, scheduled_time, approval_required, created_at, created_at
              from json_to_recordset(${rows}::json) as r (deliverable_id text, hired_instance_id text,
                goal_instance_id text, goal_template_id text, title text, payload jsonb, idempotency_key text,
                customer_id text, scheduled_time timestamptz, approval_required boolean, created_at timestamptz)
              on conflict (idempotency_key) do nothing
              returning idempotency_key`,
      })
      const insert = Effect.fnUntraced(function* (drafts: ReadonlyArray<NewDraft>) {
        // in the order of keys, so that two callers with the same runs wait for each other instead of deadlocking
        const rows = drafts.toSorted((a, b) => a.idempotency_key < b.idempotency_key ? -1 : 1).map((draft) => ({
          ...draft,
          scheduled_time: DateTime.formatIso(draft.scheduled_time),
          created_at: DateTime.formatIso(draft.created_at),
        }))
        const inserted = yield* insertNew(JSON.stringify(rows))
        if (inserted.length > 0) yield* followDeletedGoals(drafts)
        return new Set(inserted.map((row) => row.idempotency_key))
      })
      // A statement of its own, after the drafts are committed: a goal that is deleted later finds them itself, since
      // its grave is committed before its drafts are looked for
      const followDeletedGoals = (drafts: ReadonlyArray<NewDraft>) =>
        sql`update deliverables d set deleted_at = now(), updated_at = now()
            from deleted_goals g
            where g.goal_instance_id = any(${[...new Set(drafts.map((draft) => draft.goal_instance_id))]}::text[])
              and d.goal_instance_id = g.goal_instance_id and d.deleted_at is null`
      return DraftsRepo.of({
        byKeys: (keys) => Effect.orDie(byKeys(keys)),
        insert: (drafts) => Effect.orDie(insert(drafts)),
      })
    }),
  )

  static readonly layerMemory = Layer.effect(
    DraftsRepo,
    Effect.map(MemoryTables, (tables) =>
      DraftsRepo.of({
        byKeys: (keys) =>
          Effect.sync(() =>
            keys.flatMap((key) => {
              const id = tables.byKey.get(key)
              return id === undefined ? [] : [joined(tables, tables.deliverables.get(id)!)]
            })
          ),
        insert: (drafts) =>
          Effect.sync(() => {
            const fresh = drafts.filter((draft) => !tables.byKey.has(draft.idempotency_key))
            for (const draft of fresh) {
              tables.byKey.set(draft.idempotency_key, draft.deliverable_id)
              tables.deliverables.set(draft.deliverable_id, {
                ...draft,
                review_status: "pending_review",
                review_notes: null,
                approval_id: null,
                execution_status: "not_executed",
                executed_at: null,
                executing: false,
                updated_at: draft.created_at,
                deleted_at: tables.deletedGoals.has(draft.goal_instance_id) ? draft.created_at : null,
              })
            }
            return new Set(fresh.map((draft) => draft.idempotency_key))
          }),
      })),
  )
}
