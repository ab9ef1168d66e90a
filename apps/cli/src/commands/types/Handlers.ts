import { type AgentType, CatalogApi } from "@stint/domain/catalog/AgentTypes"
import { AgentTypeDefinition } from "@stint/domain/Definition"
import { NamedVersion } from "@stint/domain/Ids"
import { AgentTypeId } from "@stint/domain/Ids"
import type { Handlers } from "../../Remote/Command.ts"
import { documentIn } from "../../Remote/Document.ts"
import { at, pageOf, showPage, showThing } from "../../Remote/Lists.ts"
import { given, keyed, only, required, type Session, whole } from "../../Remote/Session.ts"
import { fields } from "../../Show/Fields.ts"
import type { Column } from "../../Show/Table.ts"
import { check } from "./Check.ts"
import { makers } from "./Makers.ts"

const columns: ReadonlyArray<Column<AgentType>> = [
  { head: "type", of: ({ agent_type_id }) => agent_type_id, least: 16 },
  { head: "version", of: ({ version }) => version },
  { head: "goals", of: ({ goal_templates }) => goal_templates.length, isRight: true },
  { head: "fields", of: ({ config_schema }) => config_schema.fields.length, isRight: true },
  { head: "published", of: ({ created_at }) => at(created_at) },
]

const type = ({ operands }: Session) => required(AgentTypeId, "TYPE", operands[0])

/** The definition in a file, held to the contract. */
const definitionIn = (session: Session) => documentIn(session, session.operands[0]!, AgentTypeDefinition, "agent type")

/** What `stint types` does. */
export const handlers: Handlers = {
  list: async (session) =>
    showPage(
      session,
      await session.ask(CatalogApi, "catalog", ({ agentTypes }) =>
        agentTypes.list({ query: pageOf(session.flags), ...whole })),
      columns,
    ),
  show: async (session) => {
    const version = given(NamedVersion, "--version", session.flags.version)
    const answer = await session.ask(
      CatalogApi,
      "catalog",
      ({ agentTypes }) => agentTypes.get({ params: { type: type(session) }, query: only({ version }), ...whole }),
    )
    showThing(session, answer)
  },
  versions: async (session) =>
    showPage(
      session,
      await session.ask(CatalogApi, "catalog", ({ agentTypes }) =>
        agentTypes.versions({ params: { type: type(session) }, query: pageOf(session.flags), ...whole })),
      columns,
    ),
  check: async (session) => check(session, await definitionIn(session)),
  makers: async (session) => makers(session, await definitionIn(session)),
  publish: async (session) => {
    const payload = await definitionIn(session)
    const answer = await session.ask(
      CatalogApi,
      "catalog",
      ({ agentTypes }) => agentTypes.publish({ payload, ...keyed() }),
    )
    session.show(answer, ({ body }) => {
      const { created_at, id } = body as AgentType
      fields(session.io, { id, published: created_at })
    })
  },
}
