/** The SQL of links that decide: only digests of their tokens are kept. */
import { PgClient } from "@effect/sql-pg"
import { CustomerId, DeliverableId, Subject } from "@stint/domain/Ids"
import { InstantColumn } from "@stint/domain/Instants"
import { Context, Effect, Layer, type Option, Schema } from "effect"
import { SqlSchema } from "effect/sql"

/** How long a link is good, in hours (domain.md, "Notifications"). */
const HOURS = 24

/** A link, by its token's digest. */
export interface NewLink {
  readonly token_sha256: string
  readonly notice_id: string
  readonly customer_id: string
  readonly person: string
  readonly deliverable_id: string
}

/** What a token is for. */
export const LinkRow = Schema.Struct({
  customer_id: CustomerId,
  person: Subject,
  deliverable_id: DeliverableId,
  created_at: InstantColumn,
  expires_at: InstantColumn,
})
export type LinkRow = typeof LinkRow.Type

/** Links that decide. */
export class DecisionLinksRepo extends Context.Service<DecisionLinksRepo, {
  add(links: ReadonlyArray<NewLink>): Effect.Effect<void>
  /** The link of a token that is good now, whose person still has the channel of its message, and may decide by it. */
  find(token_sha256: string): Effect.Effect<Option.Option<LinkRow>>
}>()("deliverables/DecisionLinksRepo") {
  static readonly layer = Layer.effect(
    DecisionLinksRepo,
    Effect.map(PgClient.PgClient, (sql) => {
      const find = SqlSchema.findOneOption({
        Request: Schema.String,
        Result: LinkRow,
        execute: (token) =>
          sql`select l.customer_id, l.person, l.deliverable_id, l.created_at, l.expires_at
              from decision_links l join notices n on n.notice_id = l.notice_id
              join reviewers r on r.customer_id = l.customer_id and r.person = l.person
              where l.token_sha256 = ${token} and l.expires_at > now() and exists (
                select from jsonb_array_elements(r.channels) c
                where c ->> 'channel_id' = n.channel_id and (c -> 'decides')::boolean)`,
      })
      return DecisionLinksRepo.of({
        add: (links) =>
          Effect.orDie(Effect.asVoid(
            sql`insert into decision_links (token_sha256, notice_id, customer_id, person, deliverable_id, expires_at)
                select token_sha256, notice_id, customer_id, person, deliverable_id, now() + make_interval(hours => ${HOURS})
                from json_to_recordset(${JSON.stringify(links)}::json) as x (token_sha256 varchar, notice_id varchar,
                  customer_id varchar, person varchar, deliverable_id varchar)`,
          )),
        find: (token) => Effect.orDie(find(token)),
      })
    }),
  )
}
