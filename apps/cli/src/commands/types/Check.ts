/** `stint types check`: whom a definition would break. */
import { CatalogApi } from "@stint/domain/catalog/AgentTypes"
import type { AgentTypeDefinition } from "@stint/domain/Definition"
import type { Break } from "@stint/domain/hiring/DefinitionsInUse"
import { EXIT } from "../../Remote/Failed.ts"
import { only, type Session, whole } from "../../Remote/Session.ts"
import { table } from "../../Show/Table.ts"

/** A fault of a hire, or of one of its goals, as a row. */
interface Row {
  readonly hire: string
  readonly goal: string | null
  readonly path: string | null
  readonly message: string
}

const rowsOf = ({ errors, errors_omitted = 0, goal_instance_id: goal, hired_instance_id: hire }: Break) => {
  const more = errors_omitted === 0 ? [] : [{ path: null, message: `and ${errors_omitted} more` }]
  return [...errors, ...more].map((one): Row => ({ hire, goal: goal ?? null, ...one }))
}

/** All pages of the answer as one. */
const allPages = async (session: Session, payload: AgentTypeDefinition) => {
  const breaks: Array<Break> = []
  let [holds, unreadable] = [0, 0]
  let cursor: string | undefined
  while (true) {
    const { value } = await session.ask(CatalogApi, "catalog", ({ agentTypes }) =>
      agentTypes.check({
        params: { type: payload.agent_type_id },
        query: only({ cursor }),
        payload,
        ...whole,
      }))
    breaks.push(...value.breaks)
    holds += value.holds
    unreadable += value.unreadable ?? 0
    if (value.next_cursor === null) {
      return { breaks, holds, next_cursor: null, ...only({ unreadable: unreadable || undefined }) }
    }
    cursor = value.next_cursor
  }
}

/** Checks all live hires of the type, page by page. The exit status is 1 when something breaks. */
export const check = async (session: Session, payload: AgentTypeDefinition): Promise<number> => {
  const value = await allPages(session, payload)
  session.show({ value, body: value, etag: undefined }, ({ value: { breaks, holds, unreadable = 0 } }) => {
    table(session.io, [
      { head: "hire", of: ({ hire }) => hire },
      { head: "goal", of: ({ goal }) => goal },
      { head: "path", of: ({ path }) => path, least: 16 },
      { head: "fault", of: ({ message }) => message, least: 20 },
    ], breaks.flatMap(rowsOf))
    const broken = new Set(breaks.map(({ hired_instance_id }) => hired_instance_id)).size
    session.io.err(`${holds} ${holds === 1 ? "hire holds" : "hires hold"}, ${broken} would break.`)
    if (unreadable > 0) session.io.err(`${unreadable} can't be read, and were not checked.`)
  })
  return value.breaks.length === 0 ? 0 : EXIT.failed
}
