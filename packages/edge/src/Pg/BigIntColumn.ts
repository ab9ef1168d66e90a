/** A `bigint` column as a number. */
import { Schema, SchemaTransformation } from "effect"

/** For values below 2^53, as versions and fences are. A row gives a bigint, a row in JSON a number. */
export const BigIntColumn = Schema.Union([Schema.BigInt, Schema.Finite]).pipe(
  Schema.decodeTo(
    Schema.Finite,
    SchemaTransformation.transform({ decode: (value) => Number(value), encode: (value): bigint | number => value }),
  ),
)
