/** A peer as a process of its own under Node, with a database of its own on the stack's Postgres that has our table. */
import { readScripts } from "@stint/cli/Scripts"
import { migrate } from "@stint/edge/Migrator"
import { Effect, Redacted } from "effect"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { cpuOf } from "./Cpu.ts"
import type { Command, DraftKind, Worked } from "./peers/Protocol.ts"
import type { Connection, Server } from "./Server.ts"

/** A peer that runs. */
export interface PeerProcess {
  readonly name: string
  /** The name of its database. */
  readonly of: string
  readonly database: Connection
  /** Inserts jobs: the first due at an instant (epoch milliseconds), each next one so much later. */
  enqueue(count: number, from: number, everyMs: number): Promise<void>
  /** Lets it take jobs until so many were handled; `batched`: a handler's batch of jobs is one INSERT. */
  work(count: number, batched?: boolean): Promise<Worked>
  /** CPU seconds of its process so far. */
  cpu(): Promise<number>
  stop(): Promise<void>
}

/** A new database with the tables of a service, as its own migrator makes them. */
export const createWithTables = async (
  server: Server,
  database: string,
  service: string,
): Promise<Connection> => {
  const connection = await server.create(database)
  const files = await readScripts(service)
  await Effect.runPromise(
    migrate({ service, url: Redacted.make(server.url(database)), files }),
  )
  return connection
}

/** Starts a peer; `program` is its file in bench/peers. */
export const startPeer = async (
  server: Server,
  node: string,
  name: string,
  program: string,
  kinds: ReadonlyArray<DraftKind>,
): Promise<PeerProcess> => {
  const database = `bench_${name.replaceAll("-", "_")}`
  const connection = await createWithTables(server, database, "deliverables")
  const child = spawn(node, [
    fileURLToPath(new URL(`peers/${program}`, import.meta.url)),
  ], {
    stdio: ["pipe", "pipe", "pipe"],
  })
  let errors = ""
  child.stderr.on("data", (chunk) => errors += chunk)
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  const lines = createInterface({ input: child.stdout })
    [Symbol.asyncIterator]()
  const ask = async (command: Command): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(command)}\n`)
    const line = await lines.next()
    if (line.done) throw new Error(`${name} ended:\n${errors}`)
    return JSON.parse(line.value)
  }
  await ask({ do: "open", url: server.url(database), kinds })
  return {
    name,
    of: database,
    database: connection,
    enqueue: async (count, from, everyMs) => {
      await ask({ do: "enqueue", count, from, everyMs })
    },
    work: async (count, batched = false) => await ask({ do: "work", count, batched }) as Worked,
    cpu: () => cpuOf(child.pid!),
    stop: async () => {
      child.kill("SIGKILL")
      await ended
      await connection.close()
    },
  }
}
