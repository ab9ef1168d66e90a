/** The Postgres of the stack that is measured, which the peers use as well: the superuser's hand on it. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { cpuOfTree } from "./Cpu.ts"

/** One connection to a database of it. */
export interface Connection {
  /** Runs a statement, or several without parameters. */
  query<A>(statement: string): Promise<ReadonlyArray<A>>
  close(): Promise<void>
}

/** The server. */
export interface Server {
  /** The url of a database of it, as the superuser. */
  url(database: string): string
  /** Connects to a database of it; what is open at the end is closed with the server. */
  connect(database: string): Promise<Connection>
  /** A new database with nothing in it. */
  create(database: string): Promise<Connection>
  /** CPU seconds of it so far. */
  cpu(): Promise<number>
  readonly version: string
}

/** A layer of the client with one connection. */
export const clientOf = (url: string): Layer.Layer<PgClient.PgClient> =>
  PgClient.layer({ url: Redacted.make(url), maxConnections: 1 }).pipe(
    Layer.orDie,
  )

const connectTo = async (url: string): Promise<Connection> => {
  const runtime = ManagedRuntime.make(clientOf(url))
  const sql = await runtime.runPromise(PgClient.PgClient)
  return {
    query: <A>(statement: string) =>
      Effect.runPromise(sql.unsafe(statement).unprepared) as Promise<
        ReadonlyArray<A>
      >,
    close: () => runtime.dispose(),
  }
}

/** The server of a stack's home. */
export const serverOf = async (home: string): Promise<Server> => {
  const { password, port, user } = JSON.parse(
    await readFile(join(home, "postgres.json"), "utf8"),
  )
  const postmaster = Number(
    (await readFile(join(home, "postgres", "postmaster.pid"), "utf8")).split(
      "\n",
    )[0],
  )
  const url = (database: string) => `postgres://${user}:${password}@127.0.0.1:${port}/${database}`
  const admin = await connectTo(url("postgres"))
  const [row] = await admin.query<{ server_version: string }>(
    "show server_version",
  )
  return {
    url,
    connect: (database) => connectTo(url(database)),
    create: async (database) => {
      await admin.query(`create database ${database}`)
      return connectTo(url(database))
    },
    cpu: () => cpuOfTree(postmaster),
    version: row!.server_version.split(" ")[0]!,
  }
}
