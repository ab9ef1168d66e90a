/** Definitions in use: whom a version would break, and moving hires to one. */
import { type Break, DefinitionCheck, Migrated, type Migration } from "@stint/domain/hiring/DefinitionsInUse"
import { queryOptions } from "@tanstack/react-query"
import { call, decoder } from "./Client.ts"

const decodeCheck = decoder(DefinitionCheck)
const decodeMigrated = decoder(Migrated)

/** How many pages of hires a check looks at: nobody reads the faults of more. */
const PAGES = 10

/** Whom a definition would break, of all hires that were looked at. */
export interface Checked {
  readonly breaks: ReadonlyArray<Break>
  readonly holds: number
  readonly unreadable: number
  /** Whether there are hires that were not looked at. */
  readonly more: boolean
}

const checkAll = async (type: string, definition: unknown, signal: AbortSignal): Promise<Checked> => {
  const breaks: Array<Break> = []
  let [holds, unreadable] = [0, 0]
  let cursor: string | null | undefined
  for (let page = 0; page < PAGES && cursor !== null; page++) {
    const found = await call("POST", `/api/v1/agent-types/${encodeURIComponent(type)}/check`, decodeCheck, {
      query: { cursor },
      body: definition,
      signal,
    })
    breaks.push(...found.breaks)
    holds += found.holds
    unreadable += found.unreadable ?? 0
    cursor = found.next_cursor
  }
  return { breaks, holds, unreadable, more: cursor !== null }
}

/** Whom the definition of a text would break. Nothing is stored. */
export const checkQuery = (type: string, definition: unknown, text: string) =>
  queryOptions({
    queryKey: ["snapshot", "check", type, text],
    queryFn: ({ signal }) => checkAll(type, definition, signal),
    staleTime: 30_000,
  })

/** Moves hires to a version, or says which would be moved. */
export const migrate = (migration: typeof Migration.Encoded, key: string): Promise<Migrated> =>
  call("POST", "/api/v1/hired-agents/migrate", decodeMigrated, {
    headers: { "idempotency-key": key },
    body: migration,
  })
