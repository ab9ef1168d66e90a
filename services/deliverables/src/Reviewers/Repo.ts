/** The SQL of people's settings. */
import { PgClient } from "@effect/sql-pg"
import { CustomerId, Subject } from "@stint/domain/Ids"
import type { Taken } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import { Context, Effect, Layer, type Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { type ReviewerRow, ShownReviewerRow } from "./Row.ts"

/** The key of a page, by name within a customer. */
export const After = Schema.Struct({ customer_id: CustomerId, person: Subject })

const Listing = Schema.Struct({
  customer_id: Schema.NullOr(CustomerId),
  after: Schema.NullOr(After),
  limit: Schema.Int,
})

/** The people who are told. */
export class ReviewersRepo extends Context.Service<ReviewersRepo, {
  find(customer_id: CustomerId, person: string): Effect.Effect<Option.Option<ShownReviewerRow>>
  list(listing: typeof Listing.Type): Effect.Effect<Taken<ShownReviewerRow, typeof After.Type>>
  /**
   * Writes the settings, and forgets how channels stand that are no longer there; one that is dead is as good as new. False,
   * and nothing is changed, when the channels are no longer those that `before` says.
   */
  put(row: Omit<ReviewerRow, "updated_at">, before: ReadonlyArray<string>): Effect.Effect<boolean>
}>()("deliverables/ReviewersRepo") {
  static readonly layer = Layer.effect(
    ReviewersRepo,
    Effect.map(PgClient.PgClient, (sql) => {
      const select = sql`select r.*, coalesce((select jsonb_agg(jsonb_build_object('channel_id', c.channel_id,
          'failures', c.failures, 'last_error', c.last_error,
          'failing_since', (extract(epoch from c.failing_since) * 1000)::float8,
          'dead_since', (extract(epoch from c.dead_since) * 1000)::float8,
          'sent_at', (extract(epoch from c.sent_at) * 1000)::float8))
        from reviewer_channels c where c.customer_id = r.customer_id and c.person = r.person), '[]') as standing
        from reviewers r`
      const find = SqlSchema.findOneOption({
        Request: Schema.Struct({ customer_id: CustomerId, person: Schema.String }),
        Result: ShownReviewerRow,
        execute: ({ customer_id, person }) =>
          sql`${select} where r.customer_id = ${customer_id} and r.person = ${person}`,
      })
      const list = findReadable(sql, {
        what: "reviewers",
        Request: Listing,
        Key: After,
        Result: ShownReviewerRow,
        query: ({ after, customer_id, limit }) =>
          sql`${select} where ${
            sql.and([
              sql`true`,
              ...(customer_id === null ? [] : [sql`r.customer_id = ${customer_id}`]),
              ...(after === null ? [] : [sql`(r.customer_id, r.person) > (${after.customer_id}, ${after.person})`]),
            ])
          } order by r.customer_id, r.person limit ${limit}`,
      })
      const put = (r: Omit<ReviewerRow, "updated_at">, before: ReadonlyArray<string>) =>
        sql`with written as (
              insert into reviewers as r (customer_id, person, channels, events, digest_at, quiet_from, quiet_to, timezone,
                escalate_after, escalate_to, updated_by)
              values (${r.customer_id}, ${r.person}, ${sql.json(r.channels)}, ${sql.json(r.events)}, ${r.digest_at},
                ${r.quiet_from}, ${r.quiet_to}, ${r.timezone}, ${r.escalate_after}, ${r.escalate_to}, ${r.updated_by})
              on conflict on constraint pk_reviewers do update set channels = excluded.channels, events = excluded.events,
                digest_at = excluded.digest_at, quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to,
                timezone = excluded.timezone, escalate_after = excluded.escalate_after, escalate_to = excluded.escalate_to,
                updated_by = excluded.updated_by, updated_at = now()
              where array(select c ->> 'channel_id' from jsonb_array_elements(r.channels) c) = ${before}::text[]
              returning 1
            ), anew as (
              delete from reviewer_channels where customer_id = ${r.customer_id} and person = ${r.person}
                and (dead_since is not null or channel_id <> all (${r.channels.map((c) => c.channel_id)}::text[]))
                and exists (select from written)
            ) select pg_notify('stint_notices', '')::text from written`
      return ReviewersRepo.of({
        find: (customer_id, person) => Effect.orDie(find({ customer_id, person })),
        list: (listing) => Effect.orDie(list(listing)),
        put: (row, before) => Effect.orDie(Effect.map(put(row, before), (rows) => rows.length > 0)),
      })
    }),
  )
}
