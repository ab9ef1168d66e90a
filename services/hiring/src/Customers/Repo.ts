/** The table `customer_entity`. */
import { PgClient } from "@effect/sql-pg"
import type { NewActionLine } from "@stint/domain/ActionLine"
import { CustomerId } from "@stint/domain/Ids"
import { InstantColumn } from "@stint/domain/Instants"
import { ActionLogRepo } from "@stint/edge/ActionLog/Repo"
import { Context, type DateTime, Effect, Layer, Option, Result, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import { isSqlError } from "effect/sql/SqlError"
import type { Stretch, Taken } from "@stint/edge/Paging"
import { findReadable } from "@stint/edge/Pg/Rows"
import { CustomerRow } from "./Row.ts"

/** Which customers: one by its id, one by its e-mail address; undefined for all. */
export interface CustomersWanted {
  readonly customer_id: CustomerId | undefined
  readonly email: string | undefined
}

/** The line of the action log, where an operator does it. */
type Line = NewActionLine | undefined

/** Customers. */
export class CustomersRepo extends Context.Service<CustomersRepo, {
  /**
   * Stores a customer, with its line of the action log where an operator does it; fails with the one that has its id and,
   * when it is verified, the verified ones that have its e-mail address or its phone number.
   */
  insert(row: CustomerRow, line: Line): Effect.Effect<Result.Result<CustomerRow, ReadonlyArray<CustomerRow>>>
  /** Verifies a customer's contacts, with its line; fails with the verified ones that have one of them. */
  verify(
    row: CustomerRow,
    now: DateTime.Utc,
    line: Line,
  ): Effect.Effect<Result.Result<CustomerRow, ReadonlyArray<CustomerRow>>>
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
      const log = yield* ActionLogRepo
      const insert = inserting(sql)
      const list = listing(sql)
      const find = SqlSchema.findOneOption({
        Request: CustomerId,
        Result: CustomerRow,
        execute: (id) => sql`select * from customer_entity where customer_id = ${id}`,
      })
      const others = conflicting(sql)
      const verify = verifying(sql)
      const write = (line: Line) => (written: Option.Option<CustomerRow>) =>
        line === undefined || Option.isNone(written) ? Effect.void : log.write(line)
      return CustomersRepo.of({
        insert: Effect.fnUntraced(function* (row, line) {
          const made = yield* sql.withTransaction(Effect.tap(insert(row), write(line)))
          return Option.isSome(made) ? Result.succeed(made.value) : Result.fail(yield* others(row))
        }, Effect.orDie),
        verify: Effect.fnUntraced(function* ({ customer_id, ...row }, now, line) {
          const made = yield* sql.withTransaction(Effect.tap(verify({ customer_id, now }), write(line))).pipe(
            // Another was verified at the same instant: the second look finds it
            Effect.retry({ times: 1, while: isSqlError }),
          )
          return Option.isSome(made)
            ? Result.succeed(made.value)
            : Result.fail(yield* others({ customer_id, ...row, verified_at: now }))
        }, Effect.orDie),
        find: (id) => Effect.orDie(find(id)),
        list: (wanted, stretch) => Effect.orDie(list({ ...wanted, ...stretch })),
      })
    }),
  )
}

/** A verified row has others beside the one of its own id. */
const conflicting = (sql: PgClient.PgClient) =>
  SqlSchema.findAll({
    Request: CustomerRow,
    Result: CustomerRow,
    execute: ({ customer_id, email, phone, verified_at }) =>
      verified_at === null ? sql`select * from customer_entity where customer_id = ${customer_id}` : sql`
          select * from customer_entity
          where customer_id = ${customer_id} or (verified_at is not null and (email = ${email} or phone = ${phone}))`,
  })

const verifying = (sql: PgClient.PgClient) =>
  SqlSchema.findOneOption({
    Request: Schema.Struct({ customer_id: CustomerId, now: InstantColumn }),
    Result: CustomerRow,
    execute: ({ customer_id, now }) =>
      sql`
        update customer_entity c set verified_at = ${now}, updated_at = ${now}
        where customer_id = ${customer_id} and not exists (
          select 1 from customer_entity o
          where o.verified_at is not null and o.customer_id <> c.customer_id and (o.email = c.email or o.phone = c.phone))
        returning *`,
  })

const inserting = (sql: PgClient.PgClient) =>
  SqlSchema.findOneOption({
    Request: CustomerRow,
    Result: CustomerRow,
    // The unique keys decide, not a read before
    execute: (c) =>
      sql`
        insert into customer_entity (customer_id, full_name, email, phone, business_name, business_industry,
          business_address, website, gst_number, preferred_contact_method, consent, verified_at,
          created_at, updated_at)
        values (${c.customer_id}, ${c.full_name}, ${c.email}, ${c.phone}, ${c.business_name}, ${c.business_industry},
          ${c.business_address}, ${c.website}, ${c.gst_number}, ${c.preferred_contact_method}, ${c.consent}, ${c.verified_at},
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
