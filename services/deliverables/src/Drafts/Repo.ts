/** The SQL of drafts: stored once for each run. */
import { PgClient } from "@effect/sql-pg"
import type { AgentTypeId, CustomerId, DeliverableId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import type { DraftPayload } from "@stint/domain/Payload"
import type { Entry } from "@stint/edge/Paging"
import { decodeEach } from "@stint/edge/Pg/Rows"
import { Context, DateTime, Effect, Layer, Schema } from "effect"
import { selectRows } from "../Deliverables/Repo.ts"
import { type DeliverableRow, ShownRow } from "../Deliverables/Row.ts"

/** A draft to store. */
export interface NewDraft {
  readonly deliverable_id: DeliverableId
  readonly hired_instance_id: HiredInstanceId
  readonly goal_instance_id: GoalInstanceId
  readonly goal_template_id: string
  readonly title: string
  readonly payload: DraftPayload
  readonly idempotency_key: string
  readonly customer_id: CustomerId
  readonly agent_id: AgentTypeId
  readonly scheduled_time: DateTime.Utc
  readonly approval_required: boolean
  readonly created_at: DateTime.Utc
}

/** The columns of drafts, ordered by key, so that two callers with the same runs wait and do not deadlock. */
const columnsOf = (drafts: ReadonlyArray<NewDraft>) => {
  const ordered = drafts.toSorted((a, b) => a.idempotency_key < b.idempotency_key ? -1 : 1)
  const column = (valueOf: (draft: NewDraft) => string) => ordered.map(valueOf)
  return {
    ids: column((draft) => draft.deliverable_id),
    hires: column((draft) => draft.hired_instance_id),
    goals: column((draft) => draft.goal_instance_id),
    templates: column((draft) => draft.goal_template_id),
    titles: column((draft) => draft.title),
    payloads: column((draft) => JSON.stringify(draft.payload)),
    keys: column((draft) => draft.idempotency_key),
    customers: column((draft) => draft.customer_id),
    agents: column((draft) => draft.agent_id),
    slots: column((draft) => DateTime.formatIso(draft.scheduled_time)),
    reviewed: column((draft) => String(draft.approval_required)),
    made: column((draft) => DateTime.formatIso(draft.created_at)),
  }
}

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
      const decodeKeys = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ idempotency_key: Schema.String })))
      // Arrays cost Postgres less than a parameter of JSON, in which a column of JSON is parsed twice
      const insertNew = (drafts: ReadonlyArray<NewDraft>) => {
        const c = columnsOf(drafts)
        const statement = sql`
          insert into deliverables (deliverable_id, hired_instance_id, goal_instance_id, goal_template_id, title, payload,
            idempotency_key, customer_id, agent_id, scheduled_time, approval_required, created_at, updated_at)
          select id, hire, goal, template, title, payload::jsonb, key, customer, agent, slot::timestamptz, reviewed::boolean,
            made::timestamptz, made::timestamptz
          from unnest(${c.ids}::text[], ${c.hires}::text[], ${c.goals}::text[], ${c.templates}::text[], ${c.titles}::text[],
            ${c.payloads}::text[], ${c.keys}::text[], ${c.customers}::text[], ${c.agents}::text[], ${c.slots}::text[],
            ${c.reviewed}::text[], ${c.made}::text[])
            as r (id, hire, goal, template, title, payload, key, customer, agent, slot, reviewed, made)
          on conflict (idempotency_key) do nothing
          returning idempotency_key`
        return Effect.flatMap(statement, decodeKeys)
      }
      // A statement of its own, after the drafts are committed. The tombstone of a goal that is deleted later is committed
      // before its drafts are looked for (Projection/Repo.ts): one of the two always finds these drafts
      const deleteOfDeletedGoals = (drafts: ReadonlyArray<NewDraft>) =>
        sql`update deliverables d set deleted_at = now(), updated_at = now()
            from deleted_goals g
            where g.goal_instance_id = any(${[...new Set(drafts.map((draft) => draft.goal_instance_id))]}::text[])
              and d.goal_instance_id = g.goal_instance_id and d.deleted_at is null`
      const insert = Effect.fnUntraced(function* (drafts: ReadonlyArray<NewDraft>) {
        const inserted = yield* insertNew(drafts)
        if (inserted.length > 0) yield* deleteOfDeletedGoals(drafts)
        return new Set(inserted.map((row) => row.idempotency_key))
      })
      return DraftsRepo.of({
        byKeys: (keys) => Effect.orDie(byKeys(keys)),
        insert: (drafts) => Effect.orDie(insert(drafts)),
      })
    }),
  )
}
