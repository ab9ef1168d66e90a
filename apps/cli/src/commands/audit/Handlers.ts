import type { ActionLine } from "@stint/domain/ActionLine"
import { CatalogApi } from "@stint/domain/catalog/AgentTypes"
import { DeliverablesApi } from "@stint/domain/deliverables/Api"
import { HiringApi } from "@stint/domain/hiring/Api"
import { SchedulerApi } from "@stint/domain/scheduler/Api"
import { UsageError } from "../../Command.ts"
import type { Handlers } from "../../Remote/Command.ts"
import { at, pageOf } from "../../Remote/Lists.ts"
import { type Answer, type Session, whole } from "../../Remote/Session.ts"
import { document } from "../../Show/Fields.ts"
import { table } from "../../Show/Table.ts"
import { type ServiceName, serviceNames } from "../../Stack/Settings.ts"

/** A page of an action log. */
interface Page {
  readonly items: ReadonlyArray<ActionLine>
  readonly next_cursor: string | null
}

/** The log of each service; of one operator where one is named. */
const pagesOf = (session: Session, service: ServiceName): Promise<Answer<Page>> => {
  const operator = session.flags.operator as string | undefined
  const page = { query: pageOf(session.flags), ...whole }
  const ofOne = { params: { operator: operator ?? "" }, ...page }
  switch (service) {
    case "catalog":
      return session.ask(
        CatalogApi,
        service,
        ({ actionLog }) => operator === undefined ? actionLog.list(page) : actionLog.listOfOperator(ofOne),
      )
    case "hiring":
      return session.ask(
        HiringApi,
        service,
        ({ actionLog }) => operator === undefined ? actionLog.list(page) : actionLog.listOfOperator(ofOne),
      )
    case "deliverables":
      return session.ask(
        DeliverablesApi,
        service,
        ({ actionLog }) => operator === undefined ? actionLog.list(page) : actionLog.listOfOperator(ofOne),
      )
    case "scheduler":
      return session.ask(
        SchedulerApi,
        service,
        ({ actionLog }) => operator === undefined ? actionLog.list(page) : actionLog.listOfOperator(ofOne),
      )
  }
}

/** A line as it came, with the service whose log has it. */
interface Line {
  readonly service: ServiceName
  readonly line: ActionLine
  readonly body: object
}

const linesOf = (service: ServiceName, { body, value }: Answer<Page>): ReadonlyArray<Line> =>
  value.items.map((line, nth) => ({ service, line, body: (body as { items: ReadonlyArray<object> }).items[nth]! }))

const newestFirst = (one: Line, other: Line): number =>
  other.line.timestamp.epochMilliseconds - one.line.timestamp.epochMilliseconds

/** What `stint audit` does. */
export const handlers: Handlers = {
  list: async (session) => {
    const { flags, io, isJson } = session
    const service = flags.service as ServiceName | undefined
    if (flags.cursor !== undefined && service === undefined) throw new UsageError("--cursor goes with --service NAME.")
    const asked = service === undefined ? serviceNames : [service]
    const answers = await Promise.all(asked.map((name) => pagesOf(session, name)))
    if (isJson && service !== undefined && flags.only === undefined) return document(io, answers[0]!.body)
    const lines = answers.flatMap((answer, nth) => linesOf(asked[nth]!, answer))
      .filter(({ line }) => flags.only === undefined || line.action === flags.only)
      .toSorted(newestFirst).slice(0, pageOf(flags).limit)
    if (isJson) return document(io, { items: lines.map(({ body, service }) => ({ service, ...body })) })
    table(io, [
      { head: "when", of: ({ line }) => at(line.timestamp) },
      { head: "service", of: ({ service }) => service },
      { head: "action", of: ({ line }) => line.action },
      { head: "who", of: ({ line }) => line.operator, least: 10 },
      { head: "reason", of: ({ line }) => line.reason, least: 12 },
      { head: "what", of: ({ line }) => line.goal_instance_id ?? JSON.stringify(line.action_metadata), least: 12 },
    ], lines)
    if (lines.length === 0) io.err("None.")
    const next = answers[0]!.value.next_cursor
    if (service !== undefined && next !== null) io.err(`There are more: --cursor ${next}`)
  },
}
