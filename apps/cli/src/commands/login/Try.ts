/** Whether a token is taken at an address. */
import { CatalogApi } from "@stint/domain/catalog/AgentTypes"
import type { Io } from "../../Io.ts"
import { sessionOf, whole } from "../../Remote/Session.ts"

/** Asks what every person may ask. Rejected with a Failed when nobody answers there, or the token is refused. */
export const tryToken = async (url: string, token: string, io: Io): Promise<void> => {
  const session = await sessionOf({ url, token }, io, [])
  await session.ask(CatalogApi, "catalog", ({ agentTypes }) => agentTypes.list({ query: { limit: 1 }, ...whole }))
}
