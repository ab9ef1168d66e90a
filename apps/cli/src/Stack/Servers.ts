/** The Postgres servers that the launcher itself runs for a stack. */
import { type RunningPostgres, startPostgres } from "../Postgres.ts"
import { freePort } from "../Postgres/FreePort.ts"
import { readRecord } from "../Postgres/Home.ts"
import { removeAbandonedThrowaways, startThrowaway } from "../Postgres/Throwaway.ts"
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

/** Removes the Postgres servers in memory of launchers that were killed. Never fails. */
export const removeAbandoned = (): Promise<void> => removeAbandonedThrowaways(MEMORY).catch(() => {})

/** What a start reports. */
export interface StartEvents {
  readonly log: (line: string) => void
  /** Called when there is no prepared folder to copy, so that the databases have to be made. */
  readonly made: () => void
}

/** Starts a server of that kind; the databases of all services are in it. */
export const startServer = async (kind: OwnServer, home: string, { log, made }: StartEvents): Promise<Starting> => {
  const make = fromPrepared({ onMake: made })
  const port = (kind === "embedded" ? (await readRecord(home))?.port : undefined) ?? freePort()
  const up = kind === "embedded"
    ? startPostgres({ home, port, log, make }).then((postgres) => ({ ...postgres, home }))
    : startThrowaway({ name: MEMORY, port, log, make })
  // Avoids an unhandled rejection: a waiter may come later
  up.catch(() => {})
  return { kind, port, up }
}
