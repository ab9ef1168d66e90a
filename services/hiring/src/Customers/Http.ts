import { HiringApi } from "@stint/domain/hiring/Api"
import { madeAt } from "@stint/edge/Replies"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Customers } from "../Customers.ts"
import { customerOnWire as wire } from "./Wire.ts"

export const CustomersHttp = HttpApiBuilder.group(
  HiringApi,
  "customers",
  Effect.fn(function* (handlers) {
    const customers = yield* Customers
    return handlers.handleAll({
      create: ({ payload }) =>
        Effect.map(customers.create(payload), (made) => madeAt(`/api/v1/customers/${made.customer_id}`, wire(made))),
      list: ({ query }) => Effect.map(customers.list(query), (list) => ({ ...list, items: list.items.map(wire) })),
      verify: ({ params }) => Effect.map(customers.verify(params.id), wire),
      get: ({ params }) => Effect.map(customers.get(params.id), wire),
    })
  }),
)
