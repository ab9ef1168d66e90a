/** The SQL that stores new drafts: what is drafted at once, and what a slow maker made. */
import type { PgClient } from "@effect/sql-pg"
import type { ApprovalRules } from "@stint/domain/Definition/Approval"
import type { AgentTypeId, CustomerId, DeliverableId, GoalInstanceId, HiredInstanceId } from "@stint/domain/Ids"
import type { DraftPayload } from "@stint/domain/Payload"
import { isoOf } from "@stint/domain/Instants"
import { texts } from "@stint/edge/Pg/Lists"
import { DateTime, Effect, Schema } from "effect"

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
  /** What its template asks of approvals; null: one person's, which never gets old. */
  readonly approval: ApprovalRules | null
}

/** The columns of drafts, ordered by key, so that two callers with the same runs wait and do not deadlock. */
const columnsOf = (drafts: ReadonlyArray<NewDraft>) => {
  const ordered = drafts.toSorted((a, b) => a.idempotency_key < b.idempotency_key ? -1 : 1)
  const column = (valueOf: (draft: NewDraft) => string) => texts(ordered.map(valueOf))
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
    slots: column((draft) => isoOf(DateTime.toEpochMillis(draft.scheduled_time))),
    reviewed: column((draft) => String(draft.approval_required)),
    made: column((draft) => isoOf(DateTime.toEpochMillis(draft.created_at))),
    // empty for null: a column of texts alone
    rules: column(({ approval }) => approval === null ? "" : JSON.stringify(approval)),
  }
}

const decodeKeys = Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ idempotency_key: Schema.String })))

/** Stores the drafts whose keys are new; those keys. `deleteOfDeletedGoals` follows, once they are committed. */
export const insertDrafts = (sql: PgClient.PgClient, drafts: ReadonlyArray<NewDraft>) => {
  const c = columnsOf(drafts)
  // It expires by the database's clock, as every decision on it is judged.
  // Arrays cost Postgres less than a parameter of JSON, in which a column of JSON is parsed twice
  const statement = sql`
    insert into deliverables (deliverable_id, hired_instance_id, goal_instance_id, goal_template_id, title, payload,
      idempotency_key, customer_id, agent_id, scheduled_time, approval_required, created_at, updated_at,
      approval_rules, expires_at)
    select id, hire, goal, template, title, payload::jsonb, key, customer, agent, slot::timestamptz, reviewed::boolean,
      made::timestamptz, made::timestamptz, rules::jsonb,
      date_trunc('milliseconds', now()) + make_interval(secs => (rules::jsonb ->> 'expires_after_seconds')::double precision)
    from unnest(${c.ids}, ${c.hires}, ${c.goals}, ${c.templates}, ${c.titles},
      ${c.payloads}, ${c.keys}, ${c.customers}, ${c.agents}, ${c.slots},
      ${c.reviewed}, ${c.made}, ${c.rules})
      as r (id, hire, goal, template, title, payload, key, customer, agent, slot, reviewed, made, given)
    cross join lateral (select nullif(given, '') as rules) as g
    on conflict (idempotency_key) do nothing
    returning idempotency_key`
  return Effect.map(Effect.flatMap(statement, decodeKeys), (rows) => rows.map((row) => row.idempotency_key))
}

/**
 * Deletes those of new drafts whose goal is deleted: a statement of its own, after they are committed. The tombstone of a goal
 * that is deleted later is committed before its drafts are looked for (Projection/Repo.ts): one of the two always finds them.
 */
export const deleteOfDeletedGoals = (sql: PgClient.PgClient, drafts: ReadonlyArray<NewDraft>) =>
  sql`update deliverables d set deleted_at = now(), updated_at = now()
      from deleted_goals g
      where g.goal_instance_id = any(${[...new Set(drafts.map((draft) => draft.goal_instance_id))]}::text[])
        and d.goal_instance_id = g.goal_instance_id and d.deleted_at is null`
