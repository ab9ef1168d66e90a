import { HiringApi } from "@stint/domain/hiring/Api"
import type { Hire } from "@stint/domain/hiring/Hires"
import { CustomerId, HiredInstanceId, SubscriptionId } from "@stint/domain/Ids"
import type { Handlers } from "../../Remote/Command.ts"
import { at, customerIn, pageOf, showPage, showThing } from "../../Remote/Lists.ts"
import { keyed, required, whole } from "../../Remote/Session.ts"
import { confirm } from "../../Remote/Wait.ts"

/** How a hire stands, in one word. */
const stateOf = ({ active, configured, finalized_at, subscription_status }: Hire): string => {
  if (!active) return "deactivated"
  if (subscription_status !== "active") return subscription_status
  if (!configured) return "not configured"
  return finalized_at === null ? "draft" : "active"
}

/** What `stint hires` does. */
export const handlers: Handlers = {
  list: async (session) => {
    const customer_id = required(CustomerId, "--customer", customerIn(session))
    const query = { customer_id, ...pageOf(session.flags) }
    const answer = await session.ask(HiringApi, "hiring", ({ hires }) => hires.list({ query, ...whole }))
    showPage(session, answer, [
      { head: "hire", of: ({ hired_instance_id }) => hired_instance_id },
      { head: "state", of: stateOf },
      { head: "nickname", of: ({ config }) => typeof config.nickname === "string" ? config.nickname : null, least: 8 },
      { head: "agent type", of: ({ agent_id }) => agent_id, least: 12 },
      { head: "trial", of: ({ trial_status }) => trial_status },
      { head: "changed", of: ({ updated_at }) => at(updated_at) },
    ])
  },
  show: async (session) => {
    const [text = ""] = session.operands
    const answer = await session.ask(
      HiringApi,
      "hiring",
      ({ hires }) =>
        text.startsWith("SUB-")
          ? hires.ofSubscription({ params: { id: required(SubscriptionId, "HIRE", text) }, headers: {}, ...whole })
          : hires.get({ params: { id: required(HiredInstanceId, "HIRE", text) }, headers: {}, ...whole }),
    )
    showThing(session, answer)
  },
  deactivate: async (session) => {
    const { flags, io, operands } = session
    const id = required(HiredInstanceId, "HIRE", operands[0])
    await confirm(io, flags, `${id} is deactivated for good, its pending runs are cancelled.`)
    const answer = await session.ask(
      HiringApi,
      "hiring",
      ({ hires }) => hires.deactivate({ params: { id }, payload: {}, ...keyed() }),
    )
    showThing(session, answer)
  },
}
