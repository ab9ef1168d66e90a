/**
 * Rows that can't be read: one of another shape than its schema, or larger than the client reads. Whoever reads many rows sets
 * such a row aside and goes on with the others (domain.md, "Bounds"). It is named in the log once, with its table and its
 * id, and counted in the gauge `stint_rows_set_aside`.
 */
import { Context, Effect, Layer, Result, Schema } from "effect"
import { StateMetrics } from "./Metrics.ts"

/** Of so many rows a table it is remembered that the log has them. */
const REMEMBERED = 10_000

/** The rows that one service has set aside since its start. */
class Rows {
  readonly #tables = new Map<string, Set<string>>()

  /** Whether this is the first time. */
  add(table: string, id: string): boolean {
    let ids = this.#tables.get(table)
    if (ids === undefined) this.#tables.set(table, ids = new Set())
    if (ids.has(id) || ids.size >= REMEMBERED) return false
    ids.add(id)
    return true
  }

  /** How many rows of each table. */
  counts(): ReadonlyArray<readonly [table: string, rows: number]> {
    return [...this.#tables].map(([table, ids]) => [table, ids.size] as const)
  }
}

/** The rows of the service that a fiber belongs to; outside of a service they are the process'. */
export const SetAside = Context.Reference<Rows>("stint/SetAside", { defaultValue: () => new Rows() })

/** Names a row that was set aside. `why` shows nothing of what the row holds. */
export const setAside = (table: string, id: string, why: string): Effect.Effect<void> =>
  Effect.flatMap(
    SetAside,
    (rows) =>
      rows.add(table, id)
        ? Effect.logError(`the row ${id} of ${table} can't be read and is set aside: ${why}`)
        : Effect.void,
  )

/** Rows that were read, and the ids of those that could not be. */
export interface Sifted<A> {
  readonly read: ReadonlyArray<A>
  readonly aside: ReadonlyArray<string>
}

/**
 * Decodes rows one by one; those that don't decode are set aside. `idOf` gets a row as it was read. A column that is null
 * because it is too large does not decode either, where its schema takes no null.
 */
export const sift = <S extends Schema.Codec<unknown, unknown>>(
  table: string,
  row: S,
  // deno-lint-ignore no-explicit-any -- a row before it is decoded
  idOf: (row: any) => string,
) => {
  const decode = Schema.decodeUnknownResult(row)
  return (rows: ReadonlyArray<unknown>): Effect.Effect<Sifted<S["Type"]>> =>
    Effect.gen(function* () {
      const read: Array<S["Type"]> = []
      const aside: Array<string> = []
      for (const one of rows) {
        const decoded = decode(one)
        if (Result.isSuccess(decoded)) read.push(decoded.success)
        else {
          aside.push(idOf(one))
          yield* setAside(table, idOf(one), "it is too large, or does not match its schema")
        }
      }
      return { read, aside }
    })
}

/** The rows of a service, with their gauge. */
export const layer = Layer.unwrap(Effect.gen(function* () {
  const state = yield* StateMetrics
  const rows = new Rows()
  const figures = Effect.sync(() =>
    rows.counts().map(([table, value]) => ({
      name: "rows_set_aside",
      help: "Rows that could not be read since the start, and were set aside",
      labels: { table },
      value,
    }))
  )
  yield* state.add("rows set aside", figures, "1 second")
  return Layer.succeed(SetAside, rows)
}))
