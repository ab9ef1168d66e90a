/** The Postgres of the stack that is measured, which the peers use as well: the superuser's hand on it. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { cpuOf, cpuOfTree } from "./Cpu.ts"

/** One connection to a database of it: the bench's own hand, whose work no contender is charged for. */
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
  /** CPU seconds of it so far, without what the bench's own connections used. */
  cpu(): Promise<number>
  /**
   * From now on nothing is vacuumed by itself, so that nobody pays for another's dead rows: `sweep` does it. What comes back lets
   * it happen again.
   */
  sweepByHand(): Promise<() => Promise<void>>
  /** Vacuums and analyzes the tables of these databases that are no trifle, by the bench's own hand. */
  sweep(databases: ReadonlyArray<string>): Promise<void>
  readonly version: string
}

/** A layer of the client with one connection. */
export const clientOf = (url: string): Layer.Layer<PgClient.PgClient> =>
  PgClient.layer({ url: Redacted.make(url), maxConnections: 1 }).pipe(
    Layer.orDie,
  )

/** A table of fewer bytes is left alone. */
const TRIFLE = 128 * 1024

/** Connects as the bench, and knows what its connections cost. */
const makeHands = () => {
  const open = new Set<number>()
  let closed = 0
  const connect = async (url: string): Promise<Connection> => {
    const runtime = ManagedRuntime.make(clientOf(url))
    const sql = await runtime.runPromise(PgClient.PgClient)
    const query = <A>(statement: string) =>
      Effect.runPromise(sql.unsafe(statement).unprepared) as Promise<ReadonlyArray<A>>
    const [row] = await query<{ pid: number }>("select pg_backend_pid() as pid")
    const { pid } = row!
    open.add(pid)
    return {
      query,
      close: async () => {
        closed += await cpuOf(pid)
        open.delete(pid)
        await runtime.dispose()
      },
    }
  }
  const cpu = async () => (await Promise.all([...open].map(cpuOf))).reduce((sum, seconds) => sum + seconds, closed)
  return { connect, cpu }
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
  const hands = makeHands()
  const admin = await hands.connect(url("postgres"))
  const [row] = await admin.query<{ server_version: string }>(
    "show server_version",
  )
  return {
    url,
    connect: (database) => hands.connect(url(database)),
    create: async (database) => {
      await admin.query(`create database ${database}`)
      return hands.connect(url(database))
    },
    cpu: async () => await cpuOfTree(postmaster) - await hands.cpu(),
    sweepByHand: async () => {
      const autovacuum = async (is: "off" | "on") => {
        await admin.query(`alter system set autovacuum = ${is}`)
        await admin.query("select pg_reload_conf()")
      }
      await autovacuum("off")
      return () => autovacuum("on")
    },
    sweep: async (databases) => {
      for (const database of databases) {
        const hand = await hands.connect(url(database))
        const tables = await hand.query<{ name: string }>(
          `select oid::regclass::text as name from pg_class where relkind = 'r' and pg_table_size(oid) > ${TRIFLE}
             and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`,
        )
        if (tables.length > 0) await hand.query(`vacuum (analyze) ${tables.map(({ name }) => name).join()}`)
        await hand.close()
      }
    },
    version: row!.server_version.split(" ")[0]!,
  }
}
