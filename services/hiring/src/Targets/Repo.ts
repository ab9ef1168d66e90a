/** The SQL of targets: which secrets hires refer to. `stint secrets check` asks it. */
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlSchema } from "effect/sql"

/** A hire that delivers to a webhook, with the name of its secret as its settings have it. */
export const Webhook = Schema.Struct({
  hired_instance_id: Schema.String,
  customer_id: Schema.String,
  secret_ref: Schema.NullOr(Schema.String),
})
export type Webhook = typeof Webhook.Type

/** Where hires deliver to. */
export class TargetsRepo extends Context.Service<TargetsRepo, {
  /** The hires with a webhook that are not deactivated and whose subscription has not ended, by id after `after`, at most 1000. */
  webhooks(after: string): Effect.Effect<ReadonlyArray<Webhook>>
}>()("hiring/TargetsRepo") {
  static readonly layer = Layer.effect(
    TargetsRepo,
    Effect.map(PgClient.PgClient, (sql) => {
      const webhooks = SqlSchema.findAll({
        Request: Schema.String,
        Result: Webhook,
        execute: (after) =>
          sql`select h.hired_instance_id, h.customer_id, h.settings -> 'execution' ->> 'secret_ref' as secret_ref
              from hired_agents h join subscriptions s on s.subscription_id = h.subscription_id
              where h.hired_instance_id > ${after} and h.active and s.status <> 'canceled'
                and h.settings -> 'execution' ->> 'target' = 'webhook'
              order by h.hired_instance_id limit 1000`,
      })
      return TargetsRepo.of({ webhooks: (after) => Effect.orDie(webhooks(after)) })
    }),
  )
}
