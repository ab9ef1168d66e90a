/** The Postgres servers that the launcher itself runs for a stack. */
import { type RunningPostgres, startPostgres } from "../Postgres.ts"
import { readMemory } from "../Postgres/Home.ts"
import { freePort } from "../Postgres/Server.ts"
import { startThrowaway, sweepThrowaways } from "../Postgres/Throwaway.ts"
import { fromPrepared } from "../Prepared.ts"
import type { OwnServer } from "./Storage.ts"

/** A server on its way. */
export interface Starting {
  readonly kind: OwnServer
  /** The port that it is to have: known before it runs, so that services can be started meanwhile. */
  readonly port: number
  readonly up: Promise<RunningPostgres & { readonly home: string }>
}

/** The word in the names of folders of Postgres servers in memory. */
const MEMORY = "memory"

/** Removes what launchers that were killed left in memory. Never fails. */
export const sweepMemory = (): Promise<void> => sweepThrowaways(MEMORY).catch(() => {})

/** Who is told of what happens. */
export interface Told {
  readonly log: (line: string) => void
  /** The databases have to be made first: no prepared folder is there. */
  readonly made: () => void
}

/** Starts a server of that kind; the databases of all services are in it. */
export const startServer = async (kind: OwnServer, home: string, { log, made }: Told): Promise<Starting> => {
  const make = fromPrepared({ onMake: made })
  const port = (kind === "embedded" ? (await readMemory(home))?.port : undefined) ?? freePort()
  const up = kind === "embedded"
    ? startPostgres({ home, port, log, make }).then((postgres) => ({ ...postgres, home }))
    : startThrowaway({ name: MEMORY, port, log, make })
  // Whoever waits for it is told; nobody may before it fails
  up.catch(() => {})
  return { kind, port, up }
}
