/** A superuser's eye and hand on the databases of a stack that runs: one lasting connection a database. */
import { adminClient, type ServiceName } from "@stint/cli/Provision"
import { postgresWords, sqlState } from "@stint/edge/Pg/SqlErrors"
import type { PgClient } from "@effect/sql-pg"
import { Effect, Exit, Scope } from "effect"
import { SqlError } from "effect/sql"
import { readFile } from "node:fs/promises"
import { join } from "node:path"

/** What it can do. */
export interface Superuser {
  /** Runs a statement in a service's database, or in `postgres`; its rows, as sql-pg gives them. */
  // deno-lint-ignore no-explicit-any
  sql<A = any>(database: ServiceName | "postgres", statement: string): Promise<ReadonlyArray<A>>
  /** The one row of a statement. */
  // deno-lint-ignore no-explicit-any
  row<A = any>(database: ServiceName | "postgres", statement: string): Promise<A>
  /** Closes the connections. */
  close(): Promise<void>
}

/** Opens a home's databases. */
export const openSuperuser = async (home: string): Promise<Superuser> => {
  const { password, port, user } = JSON.parse(await readFile(join(home, "postgres.json"), "utf8"))
  const server = { host: "127.0.0.1", port, user, password }
  const scope = Scope.makeUnsafe()
  const clients = new Map<string, Promise<PgClient.PgClient>>()
  const clientOf = (database: string) => {
    const known = clients.get(database)
    if (known !== undefined) return known
    const name = database === "postgres" ? database : `stint_${database}`
    const client = Effect.runPromise(Scope.provide(adminClient(server, name), scope))
    clients.set(database, client)
    return client
  }
  const sql = async (database: string, statement: string, again = true): Promise<ReadonlyArray<unknown>> => {
    try {
      const client = await clientOf(database)
      return await Effect.runPromise(client.unsafe(statement).unprepared)
    } catch (error) {
      if (!SqlError.isSqlError(error)) throw error
      // Postgres was killed: the connection is dead, the next one is not
      clients.delete(database)
      if (again && /^(57P|08)/.test(sqlState(error) ?? "08")) return await sql(database, statement, false)
      throw new Error(`${postgresWords(error)}, in: ${statement.slice(0, 200)}`)
    }
  }
  return {
    sql: ((database, statement) => sql(database, statement)) as Superuser["sql"],
    row: (async (database: string, statement: string) => (await sql(database, statement))[0]) as Superuser["row"],
    close: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}
