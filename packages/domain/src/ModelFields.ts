/** Fields of models, which are rows and answers at once. Apart from Protocol.ts, so that who only reads answers needs no models. */
import { Schema } from "effect"
import { Model } from "effect/schema"
import { InstantColumn } from "./Instants.ts"
import { Instant } from "./Protocol.ts"

/** An instant of a model: `timestamptz` in a row, RFC 3339 on the wire. */
export const InstantField = Model.Field({
  select: InstantColumn,
  insert: InstantColumn,
  json: Instant,
})

/** `InstantField` or null. */
export const NullableInstantField = Model.Field({
  select: Schema.NullOr(InstantColumn),
  insert: Schema.NullOr(InstantColumn),
  json: Schema.NullOr(Instant),
})
