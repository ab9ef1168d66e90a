/** Planning: from events to the people who are told, and from what is due to messages. One replica at a time does either. */
import type { PgClient } from "@effect/sql-pg"
import { CustomerId } from "@stint/domain/Ids"
import { decodeEach } from "@stint/edge/Pg/Rows"
import { readable } from "@stint/edge/Paging"
import { Effect, Schema } from "effect"
import { NOTICES_LOCK } from "../../Locks.ts"
import { ReviewerRow } from "../../Reviewers/Row.ts"
import { DueItem, EventRow, NewItem, type NewNotice } from "../Row.ts"

/** How many events, and how many items, one transaction takes. */
const EVENTS = 200
const ITEMS = 500

/** Decides whom to tell of events, by the settings of their customers. */
export type Planning = (
  events: ReadonlyArray<EventRow>,
  reviewers: ReadonlyArray<ReviewerRow>,
) => ReadonlyArray<NewItem>

/** What becomes of items that are due. */
export interface Outcome {
  /** The messages. */
  readonly notices: ReadonlyArray<NewNotice>
  /** The items that quiet hours hold, until when (epoch milliseconds). */
  readonly held: ReadonlyArray<{ readonly item_id: string; readonly until: number }>
  /** The next persons of escalations. */
  readonly onward: ReadonlyArray<NewItem>
}

/** Decides it. */
export type Made = (items: ReadonlyArray<DueItem>) => Effect.Effect<Outcome>

const insertItems = (sql: PgClient.PgClient, items: ReadonlyArray<NewItem>) =>
  items.length === 0 ? Effect.void : sql`insert into notice_items (event_id, customer_id, person, mode, due_at)
      select event_id, customer_id, person, mode, to_timestamp(due / 1000.0)
      from json_to_recordset(${JSON.stringify(items)}::json)
        as x (event_id bigint, customer_id varchar, person varchar, mode varchar, due float8)
      on conflict on constraint uq_notice_items_person do nothing`

/** Whether this transaction plans. */
const turn = (sql: PgClient.PgClient) =>
  Effect.map(
    sql<{ readonly mine: boolean }>`select pg_try_advisory_xact_lock(${NOTICES_LOCK}) as mine`,
    (rows) => rows[0]?.mine === true,
  )

/** The statements. */
export const plans = (sql: PgClient.PgClient) => {
  const decodeEvents = decodeEach({
    what: "notice events",
    Key: Schema.Struct({ event_id: Schema.String }),
    Result: EventRow,
  })
  const decodeItems = decodeEach({
    what: "notice items",
    Key: Schema.Struct({ item_id: Schema.String }),
    Result: DueItem,
  })
  const decodeReviewers = decodeEach({
    what: "reviewers",
    Key: Schema.Struct({ customer_id: CustomerId, person: Schema.String }),
    Result: ReviewerRow,
  })

  const plan = (planning: Planning) =>
    Effect.gen(function* () {
      if (!(yield* turn(sql))) return 0
      const rows =
        yield* sql`select event_id::text, customer_id, event, details, (extract(epoch from now()) * 1000)::float8 as now
        from notice_events where planned_at is null order by event_id limit ${EVENTS}`
      if (rows.length === 0) return 0
      const entries = yield* decodeEvents(rows as ReadonlyArray<object>)
      const events = readable({ entries })
      const customers = [...new Set(events.map(({ customer_id }) => customer_id))]
      const reviewers = yield* sql`select * from reviewers where customer_id = any(${customers}::text[])`
      const whom = readable({ entries: yield* decodeReviewers(reviewers as ReadonlyArray<object>) })
      yield* insertItems(sql, planning(events, whom))
      // one that can't be read is not planned again either: its log line says so
      yield* sql`update notice_events set planned_at = now()
        where event_id = any(${entries.map(({ key }) => key.event_id)}::bigint[])`
      return rows.length
    }).pipe(sql.withTransaction, Effect.orDie)

  const make = (made: Made) =>
    Effect.gen(function* () {
      if (!(yield* turn(sql))) return 0
      const rows =
        yield* sql`select i.item_id::text, i.event_id::text, i.mode, i.held, e.event, e.subject, e.details, e.at,
          (extract(epoch from now()) * 1000)::float8 as now,
          case when d.deliverable_id is not null then jsonb_build_object('customer_id', d.customer_id,
            'waits', d.review_status = 'pending_review' and d.revising_since is null and coalesce(d.expires_at > now(), true),
            'deleted', d.deleted_at is not null) end as draft,
          jsonb_build_object('customer_id', r.customer_id, 'person', r.person, 'channels', r.channels, 'digest_at', r.digest_at,
            'quiet_from', r.quiet_from, 'quiet_to', r.quiet_to, 'timezone', r.timezone, 'escalate_after', r.escalate_after,
            'escalate_to', r.escalate_to) as reviewer
        from notice_items i join notice_events e on e.event_id = i.event_id
        join reviewers r on r.customer_id = i.customer_id and r.person = i.person
        left join deliverables d on d.deliverable_id = e.details ->> 'deliverable_id'
        where i.made_at is null and i.due_at <= now()
          -- a mandate may be about to approve it: then nobody is asked
          and not (e.event in ('draft_waiting', 'changes_made') and exists (select from mandate_queue q
            where q.deliverable_id = d.deliverable_id and q.revision = d.revision and q.approval_id is null
              and q.queued_at > now() - interval '1 minute'))
        order by i.due_at, i.item_id limit ${ITEMS}`
      if (rows.length === 0) return 0
      const entries = yield* decodeItems(rows as ReadonlyArray<object>)
      const { held, notices, onward } = yield* made(readable({ entries }))
      if (notices.length > 0) yield* insertNotices(sql, notices)
      yield* insertItems(sql, onward)
      if (held.length > 0) {
        yield* sql`update notice_items i set due_at = to_timestamp(x.until / 1000.0), held = true
          from json_to_recordset(${
          JSON.stringify(held)
        }::json) as x (item_id bigint, until float8) where i.item_id = x.item_id`
      }
      const waits = new Set(held.map(({ item_id }) => item_id))
      const done = entries.map(({ key }) => key.item_id).filter((id) => !waits.has(id))
      yield* sql`update notice_items set made_at = now() where item_id = any(${done}::bigint[])`
      return rows.length
    }).pipe(sql.withTransaction, Effect.orDie)

  return { plan, make }
}

const insertNotices = (sql: PgClient.PgClient, notices: ReadonlyArray<NewNotice>) =>
  sql`insert into notices (notice_id, customer_id, person, channel_id, kind, target, purpose, subject, events)
      select notice_id, customer_id, person, channel_id, kind, target, purpose, subject, events
      from json_to_recordset(${
    JSON.stringify(notices)
  }::json) as x (notice_id varchar, customer_id varchar, person varchar,
        channel_id varchar, kind varchar, target varchar, purpose varchar, subject varchar, events jsonb)`
