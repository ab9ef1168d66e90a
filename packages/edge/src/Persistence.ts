/** Where a service keeps its rows: a flag read in one place, which chooses the layer (domain.md, "The four flags"). */
import { Config, Effect, Layer } from "effect"
import * as Pg from "./Pg.ts"
import { Refusal } from "./Refusal.ts"

const forgets = (name: string, when: string) =>
  Effect.logWarning(`${name} keeps its rows in memory: they are forgotten when ${when} stops`)

/**
 * Postgres, or rows that the process itself keeps and forgets, by `<flag>=true|false` (default true): for a service that
 * needs no SQL to decide anything.
 */
export const byUse = <A, E, R>(
  { flag, name }: { readonly name: string; readonly flag: string },
  db: Layer.Layer<A, E, R>,
  memory: Layer.Layer<A, E, R>,
) =>
  Layer.unwrap(Effect.gen(function* () {
    const use = yield* Config.Literals(["true", "false"], flag).pipe(Config.withDefault("true"))
    if (use === "true") return db
    yield* forgets(name, "it")
    return memory
  }))

/**
 * The Postgres of a service, by `<flag>=db|memory` (default db). In memory mode it is one that lives in memory and is thrown
 * away (`<NAME>_MEMORY_URL`, which the launcher sets); a variable of its own, so that the mode can never reach a real database.
 */
export const layer = ({ flag, name, settings = {} }: {
  readonly name: string
  readonly flag: string
  /** What each connection begins with (`Pg.layer`). */
  readonly settings?: Readonly<Record<string, string>>
}) =>
  Layer.unwrap(Effect.gen(function* () {
    const mode = yield* Config.Literals(["db", "memory"], flag).pipe(Config.withDefault("db"))
    if (mode === "db") return Pg.layer(name, undefined, settings)
    const variable = `${name.toUpperCase()}_MEMORY_URL`
    const given = yield* Config.NonEmptyString(variable).pipe(Config.withDefault(undefined))
    if (given === undefined) {
      return yield* new Refusal({
        message: `${flag}=memory needs a Postgres that may be thrown away, and ${variable} names none: ` +
          "npm start makes one by itself and sets it",
      })
    }
    yield* forgets(name, "the stack")
    return Pg.layer(name, variable, settings)
  }))
