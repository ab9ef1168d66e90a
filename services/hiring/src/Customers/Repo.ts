/** The table `customer_entity`. */
import { PgClient } from "@effect/sql-pg"
import { CustomerId } from "@stint/domain/Ids"
import { Context, Effect, Layer, Option, Result, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Stretch, Taken } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import { CustomerRow } from "./Row.ts"

/** Which customers: one by its id, one by its e-mail address; undefined for all. */
export interface CustomersWanted {
  readonly customer_id: CustomerId | undefined
  readonly email: string | undefined
}

/** Customers. */
export class CustomersRepo extends Context.Service<CustomersRepo, {
  /** Stores a customer; fails with those that have its id, its e-mail address or its phone number. */
  insert(row: CustomerRow): Effect.Effect<Result.Result<CustomerRow, ReadonlyArray<CustomerRow>>>
  find(id: CustomerId): Effect.Effect<Option.Option<CustomerRow>>
  list(
    wanted: CustomersWanted,
    stretch: Stretch<string>,
  ): Effect.Effect<Taken<CustomerRow, { readonly customer_id: string }>>
}>()("hiring/CustomersRepo") {
  static readonly layer = Layer.effect(
    CustomersRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const insert = inserting(sql)
      const list = listing(sql)
      const find = SqlSchema.findOneOption({
        Request: CustomerId,
        Result: CustomerRow,
        execute: (id) => sql`select * from customer_entity where customer_id = ${id}`,
      })
      const same = SqlSchema.findAll({
        Request: CustomerRow,
        Result: CustomerRow,
        execute: ({ customer_id, email, phone }) =>
          sql`
            select * from customer_entity
            where customer_id = ${customer_id} or email = ${email} or phone = ${phone}`,
      })
      return CustomersRepo.of({
        insert: Effect.fnUntraced(function* (row) {
          const made = yield* insert(row)
          return Option.isSome(made) ? Result.succeed(made.value) : Result.fail(yield* same(row))
        }, Effect.orDie),
        find: (id) => Effect.orDie(find(id)),
        list: (wanted, stretch) => Effect.orDie(list({ ...wanted, ...stretch })),
      })
    }),
  )
}

const inserting = (sql: PgClient.PgClient) =>
  SqlSchema.findOneOption({
    Request: CustomerRow,
    Result: CustomerRow,
    // The unique keys decide, not a read before
    execute: (c) =>
      sql`
        insert into customer_entity (customer_id, full_name, email, phone, business_name, business_industry,
          business_address, website, gst_number, preferred_contact_method, consent, created_at, updated_at)
        values (${c.customer_id}, ${c.full_name}, ${c.email}, ${c.phone}, ${c.business_name}, ${c.business_industry},
          ${c.business_address}, ${c.website}, ${c.gst_number}, ${c.preferred_contact_method}, ${c.consent},
          ${c.created_at}, ${c.updated_at})
        on conflict do nothing returning *`,
  })

const listing = (sql: PgClient.PgClient) =>
  findReadable(sql, {
    what: "customers",
    Key: Schema.Struct({ customer_id: Schema.String }),
    Request: Schema.Struct({
      customer_id: Schema.UndefinedOr(CustomerId),
      email: Schema.UndefinedOr(Schema.String),
      after: Schema.UndefinedOr(Schema.String),
      limit: Schema.Int,
    }),
    Result: CustomerRow,
    query: ({ after = "", customer_id, email, limit }) => {
      const conditions = [
        sql`customer_id > ${after}`,
        ...customer_id === undefined ? [] : [sql`customer_id = ${customer_id}`],
        ...email === undefined ? [] : [sql`email = ${email}`],
      ]
      return sql`select * from customer_entity where ${sql.and(conditions)} order by customer_id limit ${limit}`
    },
  })
