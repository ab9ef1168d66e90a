/** Where a service keeps its rows: a flag read in one place, which chooses the layer (domain.md, "The four flags"). */
import { Config, Effect, Layer } from "effect"

/** The Postgres storage, or the memory one, which works and forgets; said at start. */
const choose = <A, E, R>(
  name: string,
  mode: Config.Config<"db" | "memory">,
  db: Layer.Layer<A, E, R>,
  memory: Layer.Layer<A, E, R>,
) =>
  Layer.unwrap(Effect.gen(function* () {
    if ((yield* mode) === "db") return db
    yield* Effect.logWarning(`${name} keeps its rows in memory: they are forgotten when it stops`)
    return memory
  }))

/** By `<flag>=memory|db`, default db. */
export const byMode = <A, E, R>(
  options: { readonly name: string; readonly flag: string },
  db: Layer.Layer<A, E, R>,
  memory: Layer.Layer<A, E, R>,
) => choose(options.name, Config.Literals(["db", "memory"], options.flag).pipe(Config.withDefault("db")), db, memory)

/** By `<flag>=true|false`, default true, as the catalog's older flag is spelt. */
export const byUse = <A, E, R>(
  options: { readonly name: string; readonly flag: string },
  db: Layer.Layer<A, E, R>,
  memory: Layer.Layer<A, E, R>,
) =>
  choose(
    options.name,
    Config.Literals(["true", "false"], options.flag).pipe(
      Config.withDefault("true"),
      Config.map((use) => use === "true" ? "db" as const : "memory" as const),
    ),
    db,
    memory,
  )
