/** Where customers are kept; one method per atomic unit, on two storages. */
import { PgClient } from "@effect/sql-pg"
import type { CustomerId } from "@stint/domain/Ids"
import { Array, Context, Effect, Layer, Option, Result, Schema } from "effect"
import { SqlSchema } from "effect/sql"
import type { Statement } from "effect/sql/Statement"
import type { Stretch } from "../Engagements/Repo.ts"
import { CustomerRow } from "./Rows.ts"

/** Which customers: one, one by its e-mail, or all. */
export interface CustomersWanted {
  readonly customer_id: CustomerId | undefined
  readonly email: string | undefined
}

/** Customers. */
export class CustomersRepo extends Context.Service<CustomersRepo, {
  /** Stores a customer; fails with those that have its id, its e-mail or its phone number. */
  add(row: CustomerRow): Effect.Effect<Result.Result<CustomerRow, ReadonlyArray<CustomerRow>>>
  find(id: CustomerId): Effect.Effect<Option.Option<CustomerRow>>
  /** By id. */
  list(wanted: CustomersWanted, stretch: Stretch): Effect.Effect<ReadonlyArray<CustomerRow>>
}>()("hiring/CustomersRepo") {
  static readonly layerPg = Layer.effect(
    CustomersRepo,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const rows = SqlSchema.findAll({
        Request: Schema.Any,
        Result: CustomerRow,
        execute: (statement: Statement<unknown>) => statement,
      })
      const insert = SqlSchema.findOneOption({
        Request: CustomerRow,
        Result: CustomerRow,
        // the unique keys decide, not a read before
        execute: (c) =>
          sql`
          insert into customer_entity (customer_id, full_name, email, phone, business_name, business_industry,
            business_address, website, gst_number, preferred_contact_method, consent, created_at, updated_at)
          values (${c.customer_id}, ${c.full_name}, ${c.email}, ${c.phone}, ${c.business_name}, ${c.business_industry},
            ${c.business_address}, ${c.website}, ${c.gst_number}, ${c.preferred_contact_method}, ${c.consent},
            ${c.created_at}, ${c.updated_at})
          on conflict do nothing returning *`,
      })
      const add = Effect.fnUntraced(function* (row: CustomerRow) {
        const made = yield* insert(row)
        if (Option.isSome(made)) return Result.succeed(made.value)
        return Result.fail(
          yield* rows(sql`
            select * from customer_entity
            where customer_id = ${row.customer_id} or email = ${row.email} or phone = ${row.phone}`),
        )
      })
      return CustomersRepo.of({
        add: (row) => Effect.orDie(add(row)),
        find: (id) =>
          Effect.orDie(Effect.map(rows(sql`select * from customer_entity where customer_id = ${id}`), Array.head)),
        list: ({ customer_id, email }, { after, limit }) =>
          Effect.orDie(rows(sql`
            select * from customer_entity where ${
            sql.and([
              sql`customer_id > ${after ?? ""}`,
              ...customer_id === undefined ? [] : [sql`customer_id = ${customer_id}`],
              ...email === undefined ? [] : [sql`email = ${email}`],
            ])
          }
            order by customer_id limit ${limit}`)),
      })
    }),
  )

  static readonly layerMemory = Layer.sync(CustomersRepo, () => {
    const customers = new Map<string, CustomerRow>()
    return CustomersRepo.of({
      add: (row) =>
        Effect.sync(() => {
          const same = [...customers.values()].filter((other) =>
            other.customer_id === row.customer_id || other.email === row.email || other.phone === row.phone
          )
          if (same.length > 0) return Result.fail(same)
          customers.set(row.customer_id, row)
          return Result.succeed(row)
        }),
      find: (id) => Effect.sync(() => Option.fromUndefinedOr(customers.get(id))),
      list: ({ customer_id, email }, { after = "", limit }) =>
        Effect.sync(() =>
          [...customers.values()]
            .filter((row) =>
              row.customer_id > after && (customer_id === undefined || row.customer_id === customer_id) &&
              (email === undefined || row.email === email)
            )
            .sort((a, b) => a.customer_id < b.customer_id ? -1 : 1)
            .slice(0, limit)
        ),
    })
  })
}
