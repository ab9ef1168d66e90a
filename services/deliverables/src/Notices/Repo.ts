/** The SQL of notices; its parts are in `Repo/`. The database's clock decides what is due. */
import { PgClient } from "@effect/sql-pg"
import { type DeadLetterTold, NoticeState } from "@stint/domain/deliverables/Notices"
import { CustomerId, NoticeId, Subject } from "@stint/domain/Ids"
import { InstantColumn } from "@stint/domain/Instants"
import { Instant } from "@stint/domain/Protocol"
import type { Entry, Taken } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import { Context, Effect, Layer, Queue, Schema, type Scope } from "effect"
import { SqlSchema } from "effect/sql"
import { claims } from "./Repo/Claims.ts"
import { type Made, type Planning, plans } from "./Repo/Plans.ts"
import { type ClaimedNotice, NewNotice, type NoticeClaim, NoticeRow } from "./Row.ts"

/** The channel that replicas notify of what there is to tell. */
const CHANNEL = "stint_notices"

/** For how long messages and events are kept, in days. */
const KEPT_DAYS = 90

/** The key of a page of messages, newest first. */
export const After = Schema.Struct({ created_at: Instant, notice_id: NoticeId })
const Place = Schema.Struct({ created_at: InstantColumn, notice_id: NoticeId })

const Listing = Schema.Struct({
  customer_id: Schema.NullOr(CustomerId),
  person: Schema.NullOr(Subject),
  state: Schema.NullOr(NoticeState),
  after: Schema.NullOr(After),
  limit: Schema.Int,
})

/** A channel that is dead. */
export interface DeadChannel {
  readonly customer_id: string
  readonly person: string
  readonly channel_id: string
}

/** How many attempts of each customer are in hand. A customer that has `most` gets no more. */
export interface InHand {
  readonly counts: ReadonlyMap<string, number>
  readonly most: number
}

/** Notices. */
export class NoticesRepo extends Context.Service<NoticesRepo, {
  list(listing: typeof Listing.Type): Effect.Effect<Taken<NoticeRow, typeof Place.Type>>
  /** Stores messages that a person asked for; those that are there, of a repeated request, are left. Their rows. */
  add(notices: ReadonlyArray<NewNotice>): Effect.Effect<ReadonlyArray<NoticeRow>>
  /** Records dead letters, each once, for customers that have reviewers. */
  deadLetters(told: ReadonlyArray<DeadLetterTold>): Effect.Effect<void>
  /** Plans whom to tell of new events: those that were planned are not planned again. How many there were. */
  plan(planning: Planning): Effect.Effect<number>
  /** Makes the messages of what is due. How many items were due; 0 also while another replica does it. */
  make(made: Made): Effect.Effect<number>
  /** Records what expired or will within the hour. Nothing where nobody is to be told. */
  readonly look: Effect.Effect<void>
  /** Claims at most `limit` messages that are due, and counts an attempt of each, as executions are claimed. */
  claim(limit: number, inHand: InHand): Effect.Effect<ReadonlyArray<Entry<ClaimedNotice, NoticeClaim>>>
  /** Records that the channel took it. False when the claim was lost; so for those that follow. */
  sent(notice: ClaimedNotice): Effect.Effect<boolean>
  /** Records a failed attempt; the next is due after `delay` milliseconds. */
  retry(notice: ClaimedNotice, error: string, delay: number): Effect.Effect<boolean>
  /** Gives it up: its channel is dead, unless it was a test. */
  fail(notice: ClaimedNotice, error: string): Effect.Effect<boolean>
  /** Its channel is no longer there. */
  drop(claim: NoticeClaim, why: string): Effect.Effect<boolean>
  /** Gives a claim back without an attempt, to be claimed after `delay` milliseconds. */
  postpone(claim: NoticeClaim, delay: number): Effect.Effect<boolean>
  /** Milliseconds until there is something to plan, to make or to send (0: now); undefined when there is nothing. */
  nextDue(inHand: InHand): Effect.Effect<number | undefined>
  /** The channels that are dead. */
  readonly dead: Effect.Effect<ReadonlyArray<DeadChannel>>
  /** How many rows are past their retention, and the deletion of at most `limit` of them. */
  readonly expired: Effect.Effect<number>
  removeExpired(limit: number): Effect.Effect<number>
  /** Listens for notifications until the scope closes. The inner effect waits for the next one. */
  readonly listen: Effect.Effect<Effect.Effect<void>, never, Scope.Scope>
}>()("deliverables/NoticesRepo") {
  static readonly layer = Layer.effect(
    NoticesRepo,
    Effect.map(PgClient.PgClient, (sql) =>
      NoticesRepo.of({
        ...reads(sql),
        ...plans(sql),
        ...claims(sql),
        ...upkeep(sql),
        look: Effect.orDie(Effect.asVoid(sql`select tell_of_expiry() where exists (select from reviewers)`)),
        listen: Effect.orDie(
          Effect.map(sql.listen(CHANNEL), (queue) => Effect.orDie(Effect.asVoid(Queue.takeAll(queue)))),
        ),
      })),
  )
}

const reads = (sql: PgClient.PgClient) => {
  const list = findReadable(sql, {
    what: "notices",
    Request: Listing,
    Key: Place,
    Result: NoticeRow,
    query: ({ after, customer_id, limit, person, state }) =>
      sql`select * from notices where ${
        sql.and([
          sql`true`,
          ...(customer_id === null ? [] : [sql`customer_id = ${customer_id}`]),
          ...(person === null ? [] : [sql`person = ${person}`]),
          ...(state === null ? [] : [sql`state = ${state}`]),
          ...(after === null
            ? []
            : [sql`(created_at, notice_id) < (${after.created_at}::timestamptz, ${after.notice_id})`]),
        ])
      } order by created_at desc, notice_id desc limit ${limit}`,
  })
  const add = SqlSchema.findAll({
    Request: Schema.Array(NewNotice),
    Result: NoticeRow,
    execute: (rows) =>
      sql`with added as (
            insert into notices (notice_id, customer_id, person, channel_id, kind, target, purpose, subject, events)
            select notice_id, customer_id, person, channel_id, kind, target, purpose, subject, events
            from json_to_recordset(${
        JSON.stringify(rows)
      }::json) as x (notice_id varchar, customer_id varchar, person varchar,
              channel_id varchar, kind varchar, target varchar, purpose varchar, subject varchar, events jsonb)
            on conflict on constraint pk_notices do nothing returning *
          ), told as (select pg_notify(${CHANNEL}, '') from added limit 1)
          select added.* from added left join told on true
          union all
          select n.* from notices n where n.notice_id = any(${rows.map((row) => row.notice_id)}::text[])`,
  })
  return {
    list: (listing: typeof Listing.Type) => Effect.orDie(list(listing)),
    add: (rows: ReadonlyArray<NewNotice>) => Effect.orDie(add(rows)),
    deadLetters: (told: ReadonlyArray<DeadLetterTold>) =>
      Effect.orDie(Effect.asVoid(
        sql`select count(*) from json_to_recordset(${
          JSON.stringify(told.map((one) => ({
            customer: one.customer_id,
            subject: one.goal_instance_id,
            key: `${one.dlq_id}:${one.first_failed_at.epochMilliseconds}`,
            details: {
              goal_instance_id: one.goal_instance_id,
              hired_instance_id: one.hired_instance_id,
              dlq_id: one.dlq_id,
              failure_count: one.failure_count,
              error: one.error_type,
            },
          })))
        }::json) as x (customer varchar, subject varchar, key varchar, details jsonb)
          cross join lateral tell(x.customer, 'goal_dead_lettered', x.subject, x.key, x.details) t`,
      )),
  }
}

/** What is old, and which channels are dead. */
const upkeep = (sql: PgClient.PgClient) => {
  const Count = Schema.Struct({ n: Schema.Int })
  const old = sql`now() - make_interval(days => ${KEPT_DAYS})`
  const expired = SqlSchema.findOne({
    Request: Schema.Void,
    Result: Count,
    execute: () =>
      sql`select ((select count(*) from notices where created_at < ${old} and state <> 'waiting')
            + (select count(*) from notice_events where at < ${old})
            + (select count(*) from decision_links where expires_at < now()))::int as n`,
  })
  const remove = SqlSchema.findOne({
    Request: Schema.Int,
    Result: Count,
    execute: (limit) =>
      sql`with messages as (delete from notices where notice_id = any (array(select notice_id from notices
              where created_at < ${old} and state <> 'waiting' order by created_at limit ${limit})) returning 1),
            events as (delete from notice_events where event_id = any (array(select event_id from notice_events
              where at < ${old} order by at limit ${limit})) returning 1),
            links as (delete from decision_links where token_sha256 = any (array(select token_sha256 from decision_links
              where expires_at < now() order by expires_at limit ${limit})) returning 1)
          select ((select count(*) from messages) + (select count(*) from events) + (select count(*) from links))::int as n`,
  })
  const dead = SqlSchema.findAll({
    Request: Schema.Void,
    Result: Schema.Struct({ customer_id: Schema.String, person: Schema.String, channel_id: Schema.String }),
    execute: () =>
      sql`select c.customer_id, c.person, c.channel_id from reviewer_channels c
          where c.dead_since is not null order by c.customer_id limit 50`,
  })
  return {
    dead: Effect.orDie(Effect.suspend(() => dead(undefined))),
    expired: Effect.orDie(Effect.map(Effect.suspend(() => expired(undefined)), ({ n }) => n)),
    removeExpired: (limit: number) => Effect.orDie(Effect.map(remove(limit), ({ n }) => n)),
  }
}
