/** Lists as parameters of a statement, of a type that is said: the client would look at each value for its type. */
import { PgTypes } from "@effect/sql-pg"
import { Result } from "effect"

/** A list of texts. */
export const texts = (list: ReadonlyArray<string | null>) => Result.getOrThrow(PgTypes.array(list, PgTypes.OID.text))

/** A list of booleans. */
export const flags = (list: ReadonlyArray<boolean>) => Result.getOrThrow(PgTypes.array(list, PgTypes.OID.bool))

/** A list of whole numbers. */
export const integers = (list: ReadonlyArray<number>) =>
  Result.getOrThrow(PgTypes.array(list.map(BigInt), PgTypes.OID.int8))
